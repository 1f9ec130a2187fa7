import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOTestSupport
import Testing

/// Reading of each family's configuration, and refusal of unsupported families and variants.
@Suite struct FamilyConfigurationTests {
    private func configuration(_ text: String) throws -> LlamaConfiguration {
        try LlamaConfiguration(json: FileBytes(Array(text.utf8), name: "/m/config.json"))
    }

    private static let sizes = """
        "vocab_size":100,"hidden_size":64,"intermediate_size":96,"num_hidden_layers":6,"num_attention_heads":4,
        "num_key_value_heads":2,"max_position_embeddings":512
        """

    private func configuration(_ type: String, _ more: String = "") throws -> LlamaConfiguration {
        try configuration("{\"model_type\":\"\(type)\",\(Self.sizes)\(more.isEmpty ? "" : ",")\(more)}")
    }

    @Test func qwen() throws {
        let plain = try configuration("qwen3", "\"head_dim\":32")
        #expect(plain.layer.headNorm == .eachHead && plain.headSize == 32 && !plain.attentionBias)
        let upper = try configuration(
            "qwen2", "\"use_sliding_window\":true,\"sliding_window\":8,\"max_window_layers\":4")
        #expect((0..<6).map { upper.description(of: $0).window } == [nil, nil, nil, nil, 8, 8])
        #expect(upper.attentionBias && upper.compressedLayers == [0, 1, 2, 3])
        #expect(try configuration("qwen2", "\"sliding_window\":8").compressedLayers.count == 6)
    }

    /// With the older keys, as in Google's files.
    @Test func gemmaWithAPeriod() throws {
        let found = try configuration(
            "gemma3_text", "\"sliding_window\":8,\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":8}")
        #expect((0..<6).map { found.description(of: $0).window } == [8, 8, 8, 8, 8, nil])
        #expect(found.description(of: 0).rope == Rope(theta: 1e4))
        #expect(found.description(of: 5).rope == Rope(theta: 1e6, scaling: .linear(factor: 8)))
        #expect(found.headSize == 256 && found.tiedEmbeddings && found.normsAddOne && found.embeddingScale == 8)
        #expect(found.layer.attentionScale == 1.0 / 16 && found.layer.activation == .gelu)
        #expect(found.layer.norms == .beforeAndAfter && found.eosTokenIDs == [1])
    }

    @Test func textModelsOfVisionLanguageModelsAreRead() throws {
        let text = """
            {"model_type":"gemma3","architectures":["Gemma3ForConditionalGeneration"],"eos_token_id":[1,9],
            "text_config":{"model_type":"gemma3_text","hidden_size":64,"intermediate_size":96,"num_hidden_layers":6,
            "sliding_window":1024},"vision_config":{"hidden_size":32}}
            """
        let found = try configuration(text)
        #expect(found.vocabularySize == 262_208 && found.headCount == 8 && found.maximumPositions == 131_072)
        let mistral = try configuration(
            "{\"model_type\":\"mistral3\",\"text_config\":{\"model_type\":\"ministral3\",\(Self.sizes)}}")
        #expect(mistral.layerCount == 6 && mistral.layer.queryGrowth == nil)
    }

    @Test func layersWithoutRope() throws {
        func without(_ more: String) throws -> [Int] {
            let found = try configuration("smollm3", more)
            return (0..<6).filter { found.description(of: $0).rope == nil }
        }
        #expect(try without("") == [3])
        #expect(try without("\"no_rope_layer_interval\":2") == [1, 3, 5])
        #expect(try without("\"no_rope_layers\":[0,1,1,1,1,0]") == [0, 5])
    }

    @Test func longRopeWithPartialRotary() throws {
        let factors = "\"short_factor\":[1,1,1,1,1,1],\"long_factor\":[1,2,3,4,5,6]"
        let found = try configuration(
            "phi3",
            "\"partial_rotary_factor\":0.75,\"original_max_position_embeddings\":128,"
                + "\"rope_scaling\":{\"type\":\"longrope\",\(factors)},\"sliding_window\":300")
        let rope = try #require(found.layer.rope)
        #expect(rope.dimensions == 12 && rope.dependsOnLength && found.layer.window == 300)
        guard case .longRope(_, let long, 128, let factor) = rope.scaling else {
            Issue.record("\(rope.scaling)")
            return
        }
        #expect(long == [1, 2, 3, 4, 5, 6])
        #expect(abs(factor - (1 + log(4.0) / log(128.0)).squareRoot()) < 1e-12)
    }

    @Test func yarnAndDynamic() throws {
        let yarn = try configuration(
            "llama", "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4,\"original_max_position_embeddings\":128}")
        #expect(
            yarn.ropeScaling
                == .yarn(factor: 4, originalMaximumPositions: 128, attentionFactor: 0.1 * log(4.0) + 1))
        // The maximum is the extended window.
        let dynamic = try configuration("llama", "\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":4}")
        #expect(dynamic.ropeScaling == .dynamic(factor: 4, originalMaximumPositions: 512))
        #expect(dynamic.maximumPositions == 2048)
    }

    @Test func multipliersOfGranite() throws {
        let found = try configuration(
            "granite",
            "\"embedding_multiplier\":12,\"residual_multiplier\":0.5,\"attention_multiplier\":0.25,"
                + "\"logits_scaling\":8,\"rms_norm_eps\":1e-5")
        #expect(found.embeddingScale == 24 && found.logitScale == 0.125 && found.layer.attentionScale == 0.25)
        #expect(abs(found.rmsNormEpsilon - 4e-5) < 1e-12)
    }

    static let refusals = [
        ("lfm2", "", "lfm2, which has convolution layers"), ("qwen3_5", "", "gated delta net"),
        ("granitemoehybrid", "", "Mamba"), ("gemma4", "", "share keys and values"), ("gemma2", "", "logit softcapping"),
        ("mixtral", "", "a mixture of experts"), ("qwen3_moe", "", "a mixture of experts"),
        ("gemma3_text", "\"final_logit_softcapping\":30", "final_logit_softcapping 30"),
        ("gemma3_text", "\"use_bidirectional_attention\":true", "use_bidirectional_attention"),
        ("gemma3_text", "\"hidden_activation\":\"relu\"", "hidden_activation relu"),
        ("gemma3_text", "\"layer_types\":[\"full_attention\"]", "layer_types"),
        ("gemma3_text", "\"query_pre_attn_scalar\":0", "attention scale inf"),
        ("smollm3", "\"no_rope_layers\":[1,0]", "no_rope_layers of 2"),
        ("qwen3", "\"partial_rotary_factor\":0.5", "partial_rotary_factor 0.5"),
        ("phi3", "\"partial_rotary_factor\":1.5", "partial_rotary_factor 1.5"),
        ("phi3", "\"partial_rotary_factor\":0", "0 rotary dimensions of 16"),
        (
            "phi3", "\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1],\"long_factor\":[1]}",
            "1 rope short factors; expected 8"
        ),
        ("phi3", "\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1]}", "no rope_scaling.long_factor"),
        ("llama", "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":0}", "rope scaling factor 0"),
        ("llama", "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":2,\"beta_fast\":1,\"beta_slow\":2}", "beta_fast 1"),
        ("llama", "\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":0.5}", "rope scaling factor 0.5"),
        ("granite", "\"residual_multiplier\":0", "residual multiplier 0"),
        ("ministral3", "\"rope_parameters\":{\"rope_type\":\"default\",\"llama_4_scaling_beta\":-1}", "grow by -1"),
    ]

    @Test(arguments: refusals.indices) func unsupportedFamiliesAndVariantsAreRefused(_ index: Int) {
        let (type, more, expected) = Self.refusals[index]
        let message = fault { _ = try configuration(type, more) }?.description ?? "no error"
        #expect(message.hasPrefix("/m/config.json: ") && message.contains(expected), "\(message)")
    }
}

import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOTestSupport
import Testing

@Suite struct ConfigurationTests {
    private static let plain: KeyValuePairs<String, JSONValue> = [
        "model_type": .string("llama"), "architectures": .array([.string("LlamaForCausalLM")]),
        "vocab_size": .integer(1000), "hidden_size": .integer(64), "intermediate_size": .integer(128),
        "num_hidden_layers": .integer(2), "num_attention_heads": .integer(8), "num_key_value_heads": .integer(2),
        "max_position_embeddings": .integer(4096), "rms_norm_eps": .number(1e-5), "hidden_act": .string("silu"),
        "bos_token_id": .integer(1), "eos_token_id": .integer(2),
    ]

    private func configuration(_ change: [String: JSONValue] = [:]) throws -> LlamaConfiguration {
        var object = JSONObject()
        for (key, value) in change { object.insert(value, for: key) }
        for (key, value) in Self.plain { object.insert(value, for: key) }
        return try LlamaConfiguration(
            json: FileBytes(Array(JSONValue.object(object).text().utf8), name: "/m/config.json"))
    }

    private static func object(_ pairs: KeyValuePairs<String, JSONValue>) -> JSONValue { .object(JSONObject(pairs)) }

    @Test func defaults() throws {
        #expect(
            try configuration()
                == LlamaConfiguration(
                    vocabularySize: 1000, hiddenSize: 64, intermediateSize: 128, layerCount: 2, headCount: 8,
                    keyValueHeadCount: 2, headSize: 8, maximumPositions: 4096, ropeTheta: 10_000, rmsNormEpsilon: 1e-5,
                    bosTokenID: 1, eosTokenIDs: [2]))
    }

    @Test func oldAndNewRopeForms() throws {
        #expect(try configuration(["rope_theta": .number(5e5)]).ropeTheta == 5e5)
        let parameters = Self.object(["rope_theta": .number(5e5), "rope_type": .string("default")])
        #expect(try configuration(["rope_parameters": parameters, "rope_theta": .integer(7)]).ropeTheta == 5e5)
        let linear = Self.object(["type": .string("linear"), "factor": .integer(2)])
        #expect(try configuration(["rope_scaling": linear]).ropeScaling == .linear(factor: 2))
        let llama3: KeyValuePairs<String, JSONValue> = [
            "rope_type": .string("llama3"), "factor": .integer(8), "low_freq_factor": .number(1),
            "high_freq_factor": .integer(4),
            "original_max_position_embeddings": .integer(8192), "rope_theta": .integer(500_000),
        ]
        let expected = RopeScaling.llama3(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaximumPositions: 8192)
        #expect(try configuration(["rope_scaling": Self.object(llama3)]).ropeScaling == expected)
        let new = try configuration(["rope_parameters": Self.object(llama3)])
        #expect(new.ropeScaling == expected)
        #expect(new.ropeTheta == 500_000)
        #expect(try configuration(["rope_scaling": .null]).ropeScaling == .none)
    }

    @Test func supportedVariantsAreRead() throws {
        let qwen = try configuration([
            "model_type": .string("qwen2"), "architectures": .array([.string("Qwen2ForCausalLM")]),
        ])
        #expect(qwen.attentionBias && !qwen.attentionOutputBias)
        let biased = try configuration(["attention_bias": .bool(true), "mlp_bias": .bool(true)])
        #expect(biased.attentionBias && biased.attentionOutputBias && biased.mlpBias)
        let compressor = try configuration([
            "architectures": .array([.string("LlamaAutoCompressorModel")]), "summary_length": .integer(50),
            "accumulate_summary": .bool(false),
        ])
        #expect(compressor.summaryLength == 50 && !compressor.accumulateSummary)
        let mistral: [String: JSONValue] = [
            "model_type": .string("mistral"), "architectures": .array([.string("MistralForCausalLM")]),
        ]
        #expect(try configuration(mistral.merging(["sliding_window": .null]) { $1 }).headSize == 8)
        #expect(try configuration(["head_dim": .integer(32)]).headSize == 32)
        #expect(try configuration(["num_key_value_heads": .null]).keyValueHeadCount == 8)
        #expect(try configuration(["eos_token_id": .array([.integer(2), .integer(5)])]).eosTokenIDs == [2, 5])
        #expect(try configuration(["eos_token_id": .null]).eosTokenIDs == [])
        #expect(try configuration(["tie_word_embeddings": .bool(true)]).tiedEmbeddings)
    }

    static let refusals: [(change: [String: JSONValue], message: String)] = [
        (["model_type": .string("gpt2")], "model_type gpt2"),
        (["architectures": .array([.string("LlamaForSequenceClassification")])], "LlamaForSequenceClassification"),
        (["vocab_size": .null], "no vocab_size; expected an integer"),
        (["hidden_size": .string("64")], "hidden_size is \"64\""),
        (["hidden_size": .integer(65)], "hidden_size 65 and num_attention_heads 8"),
        (["num_attention_heads": .integer(0)], "num_attention_heads is 0"),
        (["num_attention_heads": .integer(.min)], "num_attention_heads is"),
        (["num_key_value_heads": .integer(3)], "8 heads and 3 key/value heads"),
        (["num_key_value_heads": .integer(0)], "number of key/value heads 0"),
        (["head_dim": .integer(7)], "head size 7"),
        (["num_hidden_layers": .integer(1_000_000_000)], "number of layers 1000000000; expected 1 to 1024"),
        (["vocab_size": .integer(.max)], "vocabulary size"),
        (["intermediate_size": .integer(-1)], "intermediate size -1"),
        (["max_position_embeddings": .integer(0)], "maximum positions 0"),
        (["rms_norm_eps": .number(.nan)], "RMS norm epsilon"),
        (["rope_theta": .number(.infinity)], "rope theta"),
        (["bos_token_id": .integer(1000)], "the special token id 1000"),
        (["hidden_act": .string("gelu")], "hidden_act gelu; expected silu"),
        (["rope_scaling": object(["type": .string("spiral"), "factor": .integer(4)])], "rope_type spiral"),
        (["rope_scaling": object(["type": .string("linear")])], "no rope_scaling.factor"),
        (["rope_scaling": object(["type": .string("linear"), "factor": .integer(0)])], "rope scaling factor"),
        (["quantization_config": object(["bits": .integer(4)])], "a quantization_config"),
        (["partial_rotary_factor": .number(0.5)], "partial_rotary_factor 0.5"),
        (
            [
                "model_type": .string("mistral"), "architectures": .array([.string("MistralForCausalLM")]),
                "sliding_window": .integer(0),
            ], "a sliding window of 0 positions"
        ),
    ]

    @Test(arguments: refusals.indices)
    func unsupportedModelsAndInvalidSizesAreRefused(_ index: Int) {
        let (change, message) = Self.refusals[index]
        let error = fault { _ = try configuration(change) }
        #expect(error?.description.hasPrefix("/m/config.json: ") == true)
        #expect(error?.description.contains(message) == true, "\(message): \(error?.description ?? "no error")")
    }

    @Test func ggufMetadata() throws {
        let configuration = try LlamaConfiguration(at: Fixtures.folder.appendingPathComponent("llama.gguf"))
        #expect(
            configuration
                == LlamaConfiguration(
                    vocabularySize: 10, hiddenSize: 32, intermediateSize: 64, layerCount: 1, headCount: 4,
                    keyValueHeadCount: 2, headSize: 8, maximumPositions: 128, ropeTheta: 50_000,
                    ropeScaling: .frequencyFactors([1, 1 + 7.0 / 3, 1 + 14.0 / 3, 8]),
                    rmsNormEpsilon: Double(Float(1e-5)),
                    attentionBias: true, bosTokenID: 1, eosTokenIDs: [2, 3]))
        let other = Fixtures.folder.appendingPathComponent("quantized.gguf")
        #expect(fault { _ = try LlamaConfiguration(at: other) }?.description.contains("the architecture test") == true)
    }

    /// Parsing a header walks a vocabulary of 150,000 tokens, so it should happen only once.
    @Test func ggufMetadataOfAnOpenFileIsNotParsedAgain() throws {
        let fixture = Fixtures.folder.appendingPathComponent("llama.gguf")
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("model.gguf")
            try FileManager.default.copyItem(at: fixture, to: file)
            let checkpoint = try CheckpointLoader.open(file)
            try FileManager.default.removeItem(at: file)
            #expect(try LlamaConfiguration(of: checkpoint, at: file) == LlamaConfiguration(at: fixture))
        }
    }

    @Test func generationConfigurationAddsEOSIDs() throws {
        try withTemporaryFolder { folder in
            let config = JSONValue.object(JSONObject(Self.plain)).text()
            try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
            try Data(#"{"eos_token_id":[2,9]}"#.utf8).write(to: folder.appendingPathComponent("generation_config.json"))
            #expect(try LlamaConfiguration(at: folder).eosTokenIDs == [2, 9])
        }
    }

    @Test func bertVariantsAreRefused() throws {
        let text = """
            {"model_type":"bert","vocab_size":100,"hidden_size":12,"intermediate_size":24,"num_hidden_layers":1,
            "num_attention_heads":3,"max_position_embeddings":16,"hidden_act":"gelu","layer_norm_eps":1e-12}
            """
        func parse(_ text: String) throws -> BertConfiguration {
            try BertConfiguration(json: FileBytes(Array(text.utf8), name: "c"))
        }
        #expect(try parse(text).headSize == 4)
        for (from, to, message) in [
            ("\"bert\"", "\"roberta\"", "model_type roberta"), ("\"gelu\"", "\"relu\"", "hidden_act relu"),
            (":3,", ":5,", "hidden_size 12 and num_attention_heads 5"), (":3,", ":0,", "num_attention_heads 0"),
            (":100,", ":-1,", "vocab_size -1"), ("1e-12", "2", "layer_norm_eps 2"),
        ] {
            let error = fault { _ = try parse(text.replacingOccurrences(of: from, with: to)) }
            #expect(error?.description.contains(message) == true, "\(message)")
        }
    }
}

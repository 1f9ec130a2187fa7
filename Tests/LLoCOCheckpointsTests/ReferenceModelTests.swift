import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Complete checkpoints written by other software.
@Suite struct ReferenceModelTests {
    private static let tiny = TestFiles.golden.appendingPathComponent("tiny")

    private func checkLlama(_ checkpoint: any Checkpoint, _ configuration: LlamaConfiguration) throws {
        let (d, heads) = (configuration.hiddenSize, configuration.headCount * configuration.headSize)
        let keyValue = configuration.keyValueHeadCount * configuration.headSize
        let inner = configuration.intermediateSize
        var expected = ["model.embed_tokens.weight": [configuration.vocabularySize, d], "model.norm.weight": [d]]
        if !configuration.tiedEmbeddings { expected["lm_head.weight"] = [configuration.vocabularySize, d] }
        if configuration.summaryLength > 0 { expected["embed_summary.weight"] = [configuration.summaryLength, d] }
        for layer in 0..<configuration.layerCount {
            let parts = [
                "self_attn.q_proj": [heads, d], "self_attn.k_proj": [keyValue, d], "self_attn.v_proj": [keyValue, d],
                "self_attn.o_proj": [d, heads], "mlp.gate_proj": [inner, d], "mlp.up_proj": [inner, d],
                "mlp.down_proj": [d, inner], "input_layernorm": [d], "post_attention_layernorm": [d],
            ]
            for (part, shape) in parts { expected["model.layers.\(layer).\(part).weight"] = shape }
        }
        #expect(checkpoint.names == expected.keys.sorted())
        for (name, shape) in expected { #expect(try checkpoint.tensor(name, shape: shape).shape == shape) }
    }

    @Test(.enabled(if: TestFiles.hasGolden, "no reference values: see Fixtures/README.md, LLOCO_GOLDEN"))
    func shardedSafetensors() throws {
        let folder = Self.tiny.appendingPathComponent("llama-gqa")
        let checkpoint = try CheckpointLoader.open(folder)
        let configuration = try LlamaConfiguration(at: folder)
        #expect(checkpoint.files.count > 1)
        #expect(configuration.tiedEmbeddings && configuration.keyValueHeadCount < configuration.headCount)
        try checkLlama(checkpoint, configuration)
        let embedding = try checkpoint.tensor("model.embed_tokens.weight").array(of: Float.self)
        #expect(embedding.allSatisfy(\.isFinite) && embedding.contains { $0 != 0 })
    }

    @Test(.enabled(if: TestFiles.hasGolden, "no reference values: see Fixtures/README.md, LLOCO_GOLDEN"))
    func shardedPickles() throws {
        let folder = Self.tiny.appendingPathComponent("autocompressor")
        let checkpoint = try CheckpointLoader.open(folder)
        let configuration = try LlamaConfiguration(at: folder)
        #expect(configuration.summaryLength > 0 && configuration.accumulateSummary)
        try checkLlama(checkpoint, configuration)
        #expect(try checkpoint.dtype(of: "embed_summary.weight") == .bfloat16)
        let summary = try checkpoint.tensor("embed_summary.weight", as: .float32).array(of: Float.self)
        #expect(summary.allSatisfy(\.isFinite) && summary.contains { $0 != 0 })
    }

    @Test(.enabled(if: TestFiles.hasGolden, "no reference values: see Fixtures/README.md, LLOCO_GOLDEN"))
    func peftAdapter() throws {
        let folder = Self.tiny.appendingPathComponent("lloco-adapter")
        let adapter = try AdapterCheckpoint.read(folder)
        let model = try LlamaConfiguration(at: Self.tiny.appendingPathComponent("autocompressor"))
        #expect(adapter.weights.count == 4 * model.layerCount)
        let target = AdapterTarget(layer: 0, module: .query)
        let weights = try #require(adapter.weights[target])
        #expect(weights.a.shape == [adapter.configuration.rank, model.hiddenSize])
        #expect(weights.b.shape == [model.hiddenSize, adapter.configuration.rank])
        #expect(
            adapter.configuration.scale(of: target) == adapter.configuration.alpha / Double(adapter.configuration.rank))
        try withTemporaryFolder { copy in
            try adapter.write(to: copy)
            let (before, after) = (try AdapterCheckpoint.files(in: folder)[1], try AdapterCheckpoint.files(in: copy)[1])
            let (first, second) = (try SafetensorsCheckpoint(before), try SafetensorsCheckpoint(after))
            #expect(first.names == second.names)
            for name in first.names { #expect(try Content(first.tensor(name)) == Content(second.tensor(name))) }
        }
    }

    @Test(.enabled(if: TestFiles.hasDefaultModels, "the default models are not here: run Scripts/bootstrap"))
    func quantizedLanguageModel() throws {
        let configuration = try LlamaConfiguration(at: #require(TestFiles.languageModel))
        let checkpoint = try CheckpointLoader.open(#require(TestFiles.languageModel))
        #expect(configuration.tiedEmbeddings && configuration.ropeScaling == .none)
        try checkLlamaShapes(checkpoint, configuration)
        let gguf = try #require(checkpoint as? GGUFCheckpoint)
        #expect(try gguf.metadata["tokenizer.ggml.tokens"]?.strings()?.count == configuration.vocabularySize)
        let query = try checkpoint.tensor("model.layers.0.self_attn.q_proj.weight").array(of: Float.self)
        #expect(query.allSatisfy { abs($0) < 10 } && query.contains { $0 != 0 })
    }

    /// Checks shapes without reading every tensor, which takes long in a debug build.
    private func checkLlamaShapes(_ checkpoint: any Checkpoint, _ configuration: LlamaConfiguration) throws {
        let kv = configuration.keyValueHeadCount * configuration.headSize
        for layer in 0..<configuration.layerCount {
            let name = "model.layers.\(layer).self_attn.k_proj.weight"
            #expect(try checkpoint.shape(of: name) == [kv, configuration.hiddenSize])
        }
        #expect(checkpoint.names.count == 9 * configuration.layerCount + 2)
    }

    @Test(.enabled(if: TestFiles.hasDefaultModels, "the default models are not here: run Scripts/bootstrap"))
    func encoder() throws {
        let configuration = try BertConfiguration(at: #require(TestFiles.encoder))
        let checkpoint = try CheckpointLoader.open(#require(TestFiles.encoder))
        let name = "embeddings.word_embeddings.weight"
        #expect(try checkpoint.shape(of: name) == [configuration.vocabularySize, configuration.hiddenSize])
        let query = "encoder.layer.\(configuration.layerCount - 1).attention.self.query.weight"
        #expect(
            try checkpoint.tensor(query, shape: [configuration.hiddenSize, configuration.hiddenSize]).dtype == .float32)
        #expect(!checkpoint.contains("encoder.layer.\(configuration.layerCount).attention.self.query.weight"))
    }
}

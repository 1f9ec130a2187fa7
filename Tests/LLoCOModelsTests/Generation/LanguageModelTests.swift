import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

@Suite struct LanguageModelTests {
    private func fixture(_ name: String) -> URL { TestFiles.fixtures.appending(path: name) }

    @Test(arguments: ["llama-rope3", "autocompressor", "gguf/llama-mixed.gguf", "gguf/llama-q8_0.gguf"])
    func tokenizerComesWithTheModel(_ name: String) throws {
        struct Sample: Decodable {
            let text: String
            let ids: [Int]
            let decoded: String
        }
        let file = TestFiles.fixtures.appending(path: "expected/tokenizer.json")
        let samples = try JSONDecoder().decode([Sample].self, from: Data(contentsOf: file))
        let model = try LanguageModel(path: fixture(name), dtype: .float32)
        let tokenizer = try model.tokenizer
        #expect(tokenizer.vocabularySize <= model.configuration.vocabularySize)
        for sample in samples {
            #expect(tokenizer.encode(sample.text, special: .parsed) == sample.ids)
            #expect(tokenizer.decode(sample.ids, skippingSpecial: false) == sample.decoded)
        }
    }

    @Test func modelWithoutTokenizerCanBeUsedById() throws {
        let model = try LanguageModel(path: fixture("llama-linear"), dtype: .float32)
        #expect(fault(ModelError.self) { _ = try model.tokenizer }.contains("no tokenizer"))
        #expect(try model.negativeLogLikelihood(of: [1, 2, 3]) > 0)
        _ = fault(ModelError.self) { _ = try model.generate(model.decoder.embed([1])) }
    }

    @Test func dtypeIsTheCallers() throws {
        for dtype in [DType.float32, .bfloat16] {
            let model = try LanguageModel(path: fixture("llama-rope3"), dtype: dtype)
            #expect(model.decoder.dtype == dtype)
        }
        let model = try LanguageModel(path: fixture("llama-rope3"))
        #expect(model.decoder.dtype == (Runtime.multipliesBFloat16 ? .bfloat16 : .float32))
        #expect(LanguageModel.defaultDType(on: Device(.cuda)) == .bfloat16)
    }

    @Test func tokenizerOfALargerModelIsRefused() throws {
        try withFixture("llama-linear") { folder in
            for file in ["tokenizer.json", "tokenizer_config.json"] {
                try FileManager.default.copyItem(
                    at: fixture("llama-rope3").appending(path: file), to: folder.appending(path: file))
            }
            let line = fault(ModelError.self) { _ = try LanguageModel(path: folder) }
            #expect(line.contains(folder.path) && line.contains("288") && line.contains("96"))
        }
    }

    @Test func configurationsThatDoNotFitTheWeightsAreRefused() throws {
        for (key, value) in [
            ("vocab_size", 300), ("hidden_size", 96), ("num_hidden_layers", 3), ("intermediate_size", 95),
        ] {
            try withFixture("llama-rope3", configuration: [key: value]) { folder in
                let line = fault(CheckpointError.self) { _ = try LanguageModel(path: folder) }
                #expect(line.contains(folder.path))
            }
        }
        // Heads of 16 too, but half as many keys.
        try withFixture("llama-rope3", configuration: ["num_key_value_heads": 1]) { folder in
            let line = fault(CheckpointError.self) { _ = try LanguageModel(path: folder) }
            #expect(line.contains("k_proj.weight") && line.contains("[32, 64]") && line.contains("[16, 64]"))
        }
    }

    @Test func missingFilesAreNamed() throws {
        #expect(fault(CheckpointError.self) { _ = try LanguageModel(path: fixture("none")) }.contains("none"))
        try withTemporaryFolder { folder in
            #expect(fault(CheckpointError.self) { _ = try LanguageModel(path: folder) }.contains(folder.path))
        }
        try withFixture("llama-rope3") { folder in
            try FileManager.default.removeItem(at: folder.appending(path: "model-00002-of-00002.safetensors"))
            #expect(fault(CheckpointError.self) { _ = try LanguageModel(path: folder) }.contains("model-00002"))
        }
        try withFixture("llama-rope3") { folder in
            try FileManager.default.removeItem(at: folder.appending(path: "config.json"))
            #expect(fault(CheckpointError.self) { _ = try LanguageModel(path: folder) }.contains("config.json"))
        }
    }

    @Test func describesAModelInAFewWords() throws {
        #expect(
            try LanguageModel.describe(fixture("llama-rope3")) == "2 layers of 64, vocabulary 288, window 1024")
        _ = fault(CheckpointError.self) { _ = try LanguageModel.describe(fixture("none")) }
    }
}

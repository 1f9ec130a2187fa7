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

    @Test func modelWithoutTokenizerCanBeUsedWithIds() throws {
        let model = try LanguageModel(path: fixture("llama-linear"), dtype: .float32)
        #expect(fault(ModelError.self) { _ = try model.tokenizer }.contains("no tokenizer"))
        #expect(try model.negativeLogLikelihood(of: [1, 2, 3]) > 0)
        _ = fault(ModelError.self) { _ = try model.generate(model.decoder.embed([1])) }
    }

    /// A tokenizer of an unsupported kind is treated as missing.
    @Test func modelWithAnUnsupportedTokenizerCanBeUsedWithIds() throws {
        let words = TestFiles.tokenizers.appending(path: "uncased/tokenizer.json")
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return ""
        }
        for (json, part) in [
            (Data(#"{"model": {"type": "Unigram", "vocab": []}}"#.utf8), "unigram is not supported"),
            (try Data(contentsOf: words), "WordPiece"),
        ] {
            try withFixture("llama-linear") { folder in
                try json.write(to: folder.appending(path: "tokenizer.json"))
                let model = try LanguageModel(path: folder, dtype: .float32)
                #expect(message { _ = try model.tokenizer }.contains(part))
                #expect(try model.negativeLogLikelihood(of: [1, 2, 3]) > 0)
                var options = GenerationOptions()
                (options.idsAlone, options.maximumTokens) = (true, 2)
                #expect(try model.generate(model.decoder.embed([1]), options: options).ids.count > 0)
                #expect(message { _ = try model.generate(model.decoder.embed([1])) }.contains(part))
                // A damaged tokenizer is still refused.
                try Data(#"{"model": "#.utf8).write(to: folder.appending(path: "tokenizer.json"))
                _ = fault(TokenizerError.self) { _ = try LanguageModel(path: folder) }
            }
        }
    }

    /// If weights cannot be in the requested place, they are in another, and a remark says so.
    @Test func weightsInAnotherPlaceAreReported() throws {
        let path = fixture("gguf/llama-q8_0.gguf")
        for (dtype, place) in [(DType.float32, WeightPlace.file), (.float32, .dense), (.float16, .automatic)] {
            #expect(try LanguageModel(path: path, dtype: dtype, weights: place).weightsRemark == nil)
        }
        let half = try LanguageModel(path: path, dtype: .float16, weights: .file)
        #expect(half.weightsRemark?.hasPrefix("--weights file") == false)
        #expect(half.weightsRemark?.contains("expanded") == true && half.weightsRemark?.contains("float16") == true)

        let small = try LanguageModel(path: fixture("llama-rope3"), dtype: .float32).configuration
        func placed(
            _ asked: WeightPlace, _ dtype: DType = .float32, _ device: Device = .cpu, limit: UInt64
        ) -> (place: WeightPlace, remark: String?) {
            asked.placed(small, dtype: dtype, device: device, limit: limit)
        }
        // Vocabulary 288, twice, 64 columns; 2 layers with 4 heads, 2 key heads, intermediate size 96.
        let bytes = UInt64(small.linearElements * 4)
        #expect(small.linearElements == 64 * (2 * 288 + 2 * (2 * 64 + 2 * 32 + 3 * small.intermediateSize)))
        #expect(placed(.dense, limit: 2 * bytes) == (.dense, nil))
        let full = placed(.dense, limit: bytes)
        #expect(full.place == .file && full.remark?.contains("stay in their file") == true)
        #expect(placed(.dense, .bfloat16, limit: bytes).place == .dense)
        // Dense weights without a remark, because no other place was requested.
        #expect(placed(.dense, .float16, limit: 1) == (.dense, nil))
        #expect(placed(.automatic, .float32, Device(.cuda), limit: 1) == (.dense, nil))
        #expect(placed(.file, .bfloat16, Device(.cuda), limit: 1).remark?.contains("on cuda") == true)
        #expect(placed(.automatic, limit: 1) == (.file, nil) && placed(.file, limit: 1) == (.file, nil))
    }

    @Test func requestedDTypeIsUsed() throws {
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
        // The same head size of 16, but half the number of key heads.
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

    @Test func describesAModel() throws {
        #expect(
            try LanguageModel.describe(fixture("llama-rope3")) == "2 layers of 64, vocabulary 288, window 1024")
        _ = fault(CheckpointError.self) { _ = try LanguageModel.describe(fixture("none")) }
    }
}

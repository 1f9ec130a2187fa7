import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

@Suite struct GenerationTests {
    private let model: LanguageModel
    private let values: LlamaValues
    private let prompt: Tensor

    init() throws {
        model = try LanguageModel(path: TestFiles.fixtures.appending(path: "llama-rope3"), dtype: .float32)
        values = try Expected<LlamaValues>("llama-rope3").values
        prompt = try model.decoder.embed(values.greedyPrompt)
    }

    /// Options without end tokens.
    private func options(_ count: Int, stops: [String] = []) -> GenerationOptions {
        GenerationOptions(maximumTokens: count, endTokens: [], stopStrings: stops)
    }

    private func text(_ ids: [Int]) throws -> String { try model.tokenizer.decode(ids, skippingSpecial: true) }

    @Test func greedyIdsMatchTheReference() throws {
        let generated = try model.generate(prompt, options: options(values.greedyIds.count))
        #expect(generated.ids == values.greedyIds)
        #expect(generated.end == .length)
        #expect(try generated.text == text(values.greedyIds))
        #expect(generated.prefillSeconds > 0 && generated.decodeSeconds > 0)
    }

    @Test func piecesJoinToTheText() throws {
        for sampling in [.greedy, try SamplingOptions(temperature: 3, seed: 4)] {
            var pieces: [String] = []
            var options = options(120)
            options.sampling = sampling
            let generated = try model.generate(prompt, options: options) { pieces.append($0) }
            #expect(generated.ids.count == 120)
            #expect(pieces.joined() == generated.text)
            #expect(try generated.text == text(generated.ids))
            #expect(pieces.count > 10 && !pieces.contains(""))
        }
    }

    @Test func endTokenEndsAndIsNotText() throws {
        for index in [0, 4, 9] {
            let end = values.greedyIds[index]
            let first = try #require(values.greedyIds.firstIndex(of: end))
            let generated = try model.generate(prompt, options: .init(maximumTokens: 16, endTokens: [end, 1]))
            #expect(generated.end == .endToken)
            #expect(generated.ids == Array(values.greedyIds[...first]))
            #expect(try generated.text == text(Array(values.greedyIds[..<first])))
        }
    }

    @Test func modelsEndTokensAreTheDefault() throws {
        // The same model, with its first greedy token as end token.
        try withFixture("llama-rope3", configuration: ["eos_token_id": [2, values.greedyIds[0]]]) { folder in
            let model = try LanguageModel(path: folder, dtype: .float32)
            let generated = try model.generate(prompt, options: .init(maximumTokens: 5))
            #expect(generated.end == .endToken && generated.ids == [values.greedyIds[0]] && generated.text.isEmpty)
        }
    }

    @Test func stopStringIsRemoved() throws {
        let count = 60
        var sampled = options(count)
        sampled.sampling = try SamplingOptions(temperature: 2, seed: 6)
        let whole = try model.generate(prompt, options: sampled)
        let characters = Array(whole.text)
        try #require(characters.count > 24)
        for (start, length) in [(0, 1), (5, 1), (9, 2), (14, 4), (characters.count - 3, 3)] {
            let stop = String(characters[start..<start + length])
            var options = sampled
            options.stopStrings = ["not in the text", stop]
            var pieces = ""
            let generated = try model.generate(prompt, options: options) { pieces += $0 }
            let place = try #require(firstOffset(of: Array(stop.utf8), in: Array(whole.text.utf8)))
            #expect(generated.end == .stopString)
            #expect(generated.text == String(decoding: Array(whole.text.utf8)[..<place], as: UTF8.self))
            #expect(pieces == generated.text)
            #expect(whole.ids.starts(with: generated.ids))
        }
    }

    private func firstOffset(of part: [UInt8], in text: [UInt8]) -> Int? {
        (0...text.count - part.count).first { text[$0...].starts(with: part) }
    }

    @Test func windowEndsTheText() throws {
        let (length, window) = (values.greedyPrompt.count, 14)
        try withFixture("llama-rope3", configuration: ["max_position_embeddings": window]) { folder in
            let model = try LanguageModel(path: folder, dtype: .float32)
            let cache = KeyValueCache(layerCount: model.configuration.layerCount)
            let generated = try model.generate(prompt, cache: cache, options: options(100))
            #expect(generated.end == .window)
            // The last position's logits still give a token.
            #expect(generated.ids == Array(values.greedyIds[..<(window - length + 1)]))
            #expect(cache.count == window)
        }
    }

    @Test func promptThatFillsTheWindowIsRefused() throws {
        try withFixture("llama-rope3", configuration: ["max_position_embeddings": 6]) { folder in
            let model = try LanguageModel(path: folder, dtype: .float32)
            #expect(model.window == 6)
            let line = fault(ModelError.self) { _ = try model.generate(prompt) }
            #expect(line.contains("6 positions") && line.contains("window"))
            let cache = KeyValueCache(layerCount: model.configuration.layerCount)
            _ = try withoutGradients {
                try model.decoder.hiddenStates(prompt.narrowed(1, start: 0, length: 4), cache: cache)
            }
            _ = fault(ModelError.self) { _ = try model.generate(prompt.narrowed(1, start: 0, length: 2), cache: cache) }
        }
    }

    @Test func promptsOfOtherShapesAreRefused() throws {
        for shape in [[64], [2, 64], [2, 3, 64], [1, 0, 64], [1, 3, 63]] {
            let line = fault(ModelError.self) { _ = try model.generate(.zeros(shape)) }
            #expect(line.contains("\(shape)"))
        }
    }

    @Test func zeroTokensGenerateNothing() throws {
        let generated = try model.generate(prompt, options: options(0))
        #expect(generated.ids.isEmpty && generated.text.isEmpty && generated.end == .length)
    }

    @Test func continuesACache() throws {
        let cache = KeyValueCache(layerCount: model.configuration.layerCount)
        _ = try withoutGradients {
            try model.decoder.hiddenStates(prompt.narrowed(1, start: 0, length: 4), cache: cache)
        }
        let rest = try prompt.narrowed(1, start: 4, length: prompt.size(1) - 4)
        #expect(try model.generate(rest, cache: cache, options: options(16)).ids == values.greedyIds)
        cache.truncate(to: 4)
        #expect(try model.generate(rest, cache: cache, options: options(16)).ids == values.greedyIds)
    }

    @Test func seedDeterminesSampledText() throws {
        func ids(_ seed: UInt64) throws -> [Int] {
            var options = options(20)
            options.sampling = try SamplingOptions(temperature: 2, seed: seed)
            return try model.generate(prompt, options: options).ids
        }
        #expect(try ids(1) == ids(1))
        #expect(try ids(1) != ids(2))
    }

    @Test func errorOfOnTextEndsGeneration() throws {
        struct Closed: Error {}
        #expect(throws: Closed.self) { try model.generate(prompt, options: options(16)) { _ in throw Closed() } }
        #expect(gradientsAreRecorded)
    }

    @Test func adapterAppliesToEveryToken() throws {
        let folder = TestFiles.fixtures.appending(path: "autocompressor")
        let compressor = try LanguageModel(path: folder, dtype: .float32)
        let expected = try Expected<CompressorValues>("autocompressor")
        let adapter = try Adapter(AdapterCheckpoint.read(folder.appending(path: "adapter")), for: compressor.decoder)
        let input = try Tensor.concatenated([
            expected.tensor("vectors.accumulate"), compressor.decoder.embed(expected.values.question)[0],
        ]).unsqueezed(0)
        let plain = expected.values.questionGreedy
        #expect(try compressor.generate(input, options: options(plain.count)).ids == plain)
        let adapted = expected.values.adapterQuestionGreedy
        let active = ActiveAdapters([adapter])
        #expect(try compressor.generate(input, options: options(adapted.count), adapters: active).ids == adapted)
    }
}

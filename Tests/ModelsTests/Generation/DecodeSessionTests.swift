import Checkpoints
import Foundation
import Models
import TestSupport
import Testing
import Tokenizers
import Torch

@Suite struct DecodeSessionTests {
    let tiny: TinyModel
    let model: Llama
    let ids: [Int]
    let expected: Tensor
    /// Of scores from 8-bit weights and inputs; random weights amplify every rounding.
    static let rounded = 5e-2

    init() throws {
        tiny = try TinyModel(biased: true, hiddenSize: 64, headSize: 16)
        model = try tiny.load()
        ids = tiny.ids(90)
        expected = try model.scores(ids)
    }

    /// The scores of `ids` from `start` on, step by step after the others: [n, V].
    private func scores(
        _ model: Llama, from start: Int, weights: QuantizedWeight.Bits?, adapters: ActiveAdapters = .none
    ) throws -> Tensor {
        let cache = KeyValueCache(layerCount: model.configuration.layerCount)
        _ = try withoutGradients {
            try model.hiddenStates(model.embed(Array(ids[..<start])), cache: cache, adapters: adapters, last: 0)
        }
        let session = try DecodeSession(model, cache: cache, adapters: adapters, weights: weights)
        let rows = try ids[start...].map { try session.step($0).cloned().unsqueezed(0) }
        #expect(cache.count == ids.count)
        return try .concatenated(rows)
    }

    @Test func withTheModelsOwnWeights() throws {
        try expect(
            scores(model, from: 20, weights: nil), near: expected[20..<90], tolerance: Tolerance.regrouped)
    }

    @Test(arguments: [DType.float32, .bfloat16], [1, 20, 64])
    func withQuantizedWeights(_ dtype: DType, _ start: Int) throws {
        let model = try tiny.load(dtype)
        #expect(
            try DecodeSession(model, cache: KeyValueCache(layerCount: 2), weights: .eight).isQuantized)
        try expect(scores(model, from: start, weights: .eight), near: expected[start..<90], tolerance: Self.rounded)
    }

    @Test func adaptersAreAdded() throws {
        let adapters = ActiveAdapters([
            try Adapter(tiny.adapter(seed: 2, modules: AdapterModule.allCases), for: model),
            try Adapter(tiny.adapter(rank: 2, seed: 3), for: model).frozen(as: .bfloat16, device: .cpu),
        ])
        let plain = try scores(model, from: 30, weights: .eight)
        let adapted = try scores(model, from: 30, weights: .eight, adapters: adapters)
        try expect(adapted, near: model.scores(ids, adapters: adapters)[30..<90], tolerance: Self.rounded)
        #expect(try relativeError(adapted, plain) > 4 * Self.rounded)
    }

    @Test func passesGoOnAfterSteps() throws {
        let cache = KeyValueCache(layerCount: 2)
        let session = try DecodeSession(model, cache: cache, weights: .eight)
        for id in ids[..<10] { _ = try session.step(id) }
        // Another sequence's continuation leaves this one as it is.
        let other = try cache.shared(by: 1)
        let elsewhere = try DecodeSession(model, cache: other, weights: .eight)
        for id in ids[50..<60] { _ = try elsewhere.step(id) }
        for id in ids[10..<20] { _ = try session.step(id) }
        cache.truncate(to: 15)
        for id in ids[15..<20] { _ = try session.step(id) }
        let rest = try model.scores(model.embed(ids)[0][20..<90], pieces: [30, 40], cache: cache)
        try expect(rest, near: expected[20..<90], tolerance: Self.rounded)
    }

    @Test func otherSizesTakeTheModelsOwnWeights() throws {
        let small = try TinyModel()
        let model = try small.load()
        let cache = KeyValueCache(layerCount: 2)
        let session = try DecodeSession(model, cache: cache, weights: .eight)
        #expect(!session.isQuantized)
        let ids = small.ids(5)
        let scores = try ids.map { try session.step($0).unsqueezed(0) }
        try expect(.concatenated(scores), near: model.scores(ids), tolerance: Tolerance.regrouped)
    }

    @Test func foreignIdsAreNamed() throws {
        for weights in [QuantizedWeight.Bits.eight, nil] {
            let cache = KeyValueCache(layerCount: 2)
            let session = try DecodeSession(model, cache: cache, weights: weights)
            #expect(fault(ModelError.self) { _ = try session.step(40) }.contains("token id 40"))
            #expect(fault(ModelError.self) { _ = try session.step(-1) }.contains("token id -1"))
            #expect(cache.count == 0)
        }
    }
}

@Suite(.enabled(if: Place.hasDefaultModels, "the default models or their reference values are not here"))
struct DecodeWeightsTests {
    @Test func whoAsksForADTypeGetsItsWeights() throws {
        let path = Place.languageModel
        #expect(try LanguageModel(path: path).decodeBits == .lossless)
        #expect(try LanguageModel(path: path, dtype: .float32).decodeBits == nil)
        #expect(try LanguageModel(path: path, decodeWeights: .full).decodeBits == nil)
        #expect(try LanguageModel(path: path, dtype: .float32, decodeWeights: .eightBit).decodeBits == .eight)
    }

    /// What the quantized copy costs: less than 1 % of a real text's perplexity.
    @Test func quantizedStepsAreNearlyAsLikely() throws {
        guard let path = try DefaultModelValues(in: Place.golden).nll.compactMap(\.path).first else { return }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let reference = try LanguageModel(path: Place.languageModel, dtype: .float32)
        let ids = Array(try reference.tokenizer.encode(text, special: .asText).prefix(600))
        let expected = try reference.negativeLogLikelihood(of: ids)
        for weights in [DecodeWeights.lossless, .eightBit] {
            let model = try LanguageModel(path: Place.languageModel, dtype: .float32, decodeWeights: weights)
            let found = try model.negativeLogLikelihoodByStep(of: ids)
            #expect(found != expected)
            #expect(abs(exp((found - expected) / Double(ids.count - 1)) - 1) < 0.01, "\(weights)")
        }
        // Without a quantized copy the steps are the text's own passes.
        let steps = try reference.negativeLogLikelihoodByStep(of: Array(ids.prefix(40)))
        let pass = try reference.negativeLogLikelihood(of: Array(ids.prefix(40)))
        #expect(abs(steps - pass) < 1e-3 * pass)
    }
}

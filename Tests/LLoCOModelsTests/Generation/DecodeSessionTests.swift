import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

@Suite struct DecodeSessionTests {
    let tiny: TinyModel
    let model: Llama
    let ids: [Int]
    let expected: Tensor
    /// The tolerance of logits from 8-bit weights and inputs; random weights amplify every rounding.
    static let rounded = 5e-2

    init() throws {
        tiny = try TinyModel(biased: true, hiddenSize: 64, headSize: 16)
        model = try tiny.load()
        ids = tiny.ids(90)
        expected = try model.scores(ids)
    }

    /// The logits of `ids` from `start` on, step by step after the others: [n, V].
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

    @Test func withTheModelsWeights() throws {
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

    @Test func forwardPassesContinueAfterSteps() throws {
        let cache = KeyValueCache(layerCount: 2)
        let session = try DecodeSession(model, cache: cache, weights: .eight)
        for id in ids[..<10] { _ = try session.step(id) }
        // Another sequence's continuation does not affect this one.
        let other = try cache.shared(by: 1)
        let elsewhere = try DecodeSession(model, cache: other, weights: .eight)
        for id in ids[50..<60] { _ = try elsewhere.step(id) }
        for id in ids[10..<20] { _ = try session.step(id) }
        cache.truncate(to: 15)
        for id in ids[15..<20] { _ = try session.step(id) }
        let rest = try model.scores(model.embed(ids)[0][20..<90], pieces: [30, 40], cache: cache)
        try expect(rest, near: expected[20..<90], tolerance: Self.rounded)
    }

    /// Steps after keys that are partly masked per head match forward passes.
    @Test(arguments: [nil, QuantizedWeight.Bits.eight]) func stepsApplyBiases(_ weights: QuantizedWeight.Bits?) throws {
        let heads = model.configuration.keyValueHeadCount
        func filled() throws -> KeyValueCache {
            let (first, cache) = (KeyValueCache(layerCount: 2), KeyValueCache(layerCount: 2))
            let bias = (0..<2 * heads * 20).map { index -> Float in
                let (key, head) = (index % 20, index / 20)
                return key < 20 - 4 * head ? Float(key % 5) - 2 : -.infinity
            }
            try withoutGradients {
                _ = try model.hiddenStates(model.embed(Array(ids[..<20])), cache: first, last: 0)
                let rows = try model.keysAndValues(of: first, last: 20)
                try model.append(rows, to: cache, bias: Tensor(bias, shape: [1, 2, heads, 20]))
            }
            return cache
        }
        let expected = try model.scores(model.embed(ids)[0][20..<90], pieces: [70], cache: filled())
        let session = try DecodeSession(model, cache: filled(), weights: weights)
        #expect(session.isQuantized == (weights != nil))
        let rows = try ids[20...].map { try session.step($0).cloned().unsqueezed(0) }
        try expect(.concatenated(rows), near: expected, tolerance: weights == nil ? Tolerance.regrouped : Self.rounded)
        #expect(try relativeError(expected, self.expected[20..<90]) > 4 * Self.rounded)
    }

    /// Once page and views exist.
    @Test(arguments: [DType.float32, .bfloat16]) func stepsAllocateNoStorage(_ dtype: DType) throws {
        let model = try tiny.load(dtype)
        let adapters = ActiveAdapters([
            try Adapter(tiny.adapter(seed: 2, modules: AdapterModule.allCases), for: model)
        ])
        let cache = KeyValueCache(layerCount: 2)
        _ = try withoutGradients { try model.hiddenStates(model.embed(Array(ids[..<20])), cache: cache, last: 0) }
        let session = try DecodeSession(model, cache: cache, adapters: adapters, weights: .eight, expecting: 70)
        var sampler = Sampler(.greedy)
        var token = ids[20]
        func steps(_ count: Int) throws { for _ in 0..<count { token = try sampler.next(session.step(token)) } }
        try steps(1)
        #expect(try Runtime.storagesMade { try steps(40) } == 0)
        // Positions 64 and on begin a page: two storages in each of two layers.
        #expect(try Runtime.storagesMade { try steps(20) } == 4)
    }

    @Test func cacheGrowsWithoutCopying() throws {
        let cache = KeyValueCache(layerCount: 2)
        let session = try DecodeSession(model, cache: cache, weights: .eight)
        var places: [UnsafeRawPointer?] = []
        for step in 0..<200 {
            _ = try session.step(ids[step % ids.count])
            let now = cache.storages.map(\.address)
            #expect(now.count >= places.count && Array(now.prefix(places.count)) == places && !now.contains(nil))
            places = now
        }
        // Pages of 64, 64 and 128 positions, each with keys and values of two layers.
        #expect(places.count == 12)
    }

    /// The decode kernel reads up to 64 pages.
    @Test func cachesOfManyPagesCanBeContinued() throws {
        var cache = KeyValueCache(layerCount: 2)
        var rows: [Tensor] = []
        for id in ids[..<80] {
            // Shared pages are closed: the step begins a new page.
            cache = try cache.shared(by: 1)
            rows.append(try DecodeSession(model, cache: cache, weights: .eight).step(id).cloned().unsqueezed(0))
        }
        #expect(cache.storages.count == 80 * 4)
        try expect(.concatenated(rows), near: expected[0..<80], tolerance: Self.rounded)
    }

    @Test func copiesShareEightBitWeights() throws {
        for order in [[QuantizedWeight.Bits.eight, .lossless], [.lossless, .eight]] {
            let model = try tiny.load()
            let copies = try order.map { try #require(try model.quantized($0)) }
            let four = try #require(try model.quantized(.four))
            #expect(copies[0].outputHead === copies[1].outputHead && four.outputHead !== copies[0].outputHead)
            for (one, other) in zip(copies[0].blocks, copies[1].blocks) {
                #expect(one.queryKeyValue === other.queryKeyValue && one.output === other.output)
                #expect(one.gateUp === other.gateUp && one.down === other.down)
            }
        }
    }

    @Test func unsupportedSizesUseTheModelsWeights() throws {
        let small = try TinyModel()
        let model = try small.load()
        let cache = KeyValueCache(layerCount: 2)
        let session = try DecodeSession(model, cache: cache, weights: .eight)
        #expect(!session.isQuantized)
        let ids = small.ids(5)
        let scores = try ids.map { try session.step($0).unsqueezed(0) }
        try expect(.concatenated(scores), near: model.scores(ids), tolerance: Tolerance.regrouped)
    }

    @Test func invalidIdsAreNamed() throws {
        for weights in [QuantizedWeight.Bits.eight, nil] {
            let cache = KeyValueCache(layerCount: 2)
            let session = try DecodeSession(model, cache: cache, weights: weights)
            #expect(fault(ModelError.self) { _ = try session.step(40) }.contains("token id 40"))
            #expect(fault(ModelError.self) { _ = try session.step(-1) }.contains("token id -1"))
            #expect(cache.count == 0)
        }
    }
}

@Suite(
    .enabled(
        if: TestFiles.hasDefaultGolden,
        "the default models or their reference values are not here: see Fixtures/README.md, LLOCO_GOLDEN"))
struct DecodeWeightsTests {
    @Test func requestedDTypeKeepsFullWeights() throws {
        let path = try #require(TestFiles.languageModel)
        #expect(try LanguageModel(path: path).decodeBits == .lossless)
        #expect(try LanguageModel(path: path, dtype: .float32).decodeBits == nil)
        #expect(try LanguageModel(path: path, decodeWeights: .full).decodeBits == nil)
        #expect(try LanguageModel(path: path, dtype: .float32, decodeWeights: .eightBit).decodeBits == .eight)
    }

    /// A licence text included in Debian and Ubuntu.
    private static let text = try? DefaultModelValues(in: TestFiles.golden).nll.lazy.compactMap(\.path).first

    /// The quantized copy changes a real text's perplexity by less than 1 %.
    @Test(.enabled(if: text != nil, "none of the reference values' texts is in /usr/share/common-licenses"))
    func quantizedStepsKeepThePerplexity() throws {
        let path = try #require(Self.text)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let reference = try LanguageModel(path: #require(TestFiles.languageModel), dtype: .float32)
        let ids = Array(try reference.tokenizer.encode(text, special: .asText).prefix(600))
        let expected = try reference.negativeLogLikelihood(of: ids)
        for weights in [DecodeWeights.lossless, .eightBit] {
            let model = try LanguageModel(
                path: #require(TestFiles.languageModel), dtype: .float32, decodeWeights: weights)
            let found = try model.negativeLogLikelihoodByStep(of: ids)
            #expect(found != expected)
            #expect(abs(exp((found - expected) / Double(ids.count - 1)) - 1) < 0.01, "\(weights)")
        }
        // Without a quantized copy, steps match the forward pass.
        let steps = try reference.negativeLogLikelihoodByStep(of: Array(ids.prefix(40)))
        let pass = try reference.negativeLogLikelihood(of: Array(ids.prefix(40)))
        #expect(abs(steps - pass) < 1e-3 * pass)
    }
}

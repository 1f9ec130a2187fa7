import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

@Suite struct AdapterTests {
    let tiny: TinyModel
    let model: Llama
    let ids: [Int]

    init() throws {
        tiny = try TinyModel()
        model = try tiny.load()
        ids = tiny.ids(12)
    }

    private func scores(_ adapters: Adapter...) throws -> Tensor {
        try model.scores(ids, adapters: ActiveAdapters(adapters))
    }

    @Test(arguments: [Adapter.attentionModules, [.gate, .up, .down], AdapterModule.allCases])
    func matchesMergedWeights(_ modules: [AdapterModule]) throws {
        let stored = try tiny.adapter(modules: modules)
        let adapted = try scores(Adapter(stored, for: model))
        try expect(adapted, near: tiny.merged(stored).load().scores(ids), tolerance: Tolerance.regrouped)
        #expect(try relativeError(adapted, model.scores(ids)) > 0.01)
    }

    @Test func appliesToOneCall() throws {
        let before = try model.scores(ids)
        _ = try scores(Adapter(tiny.adapter(), for: model))
        #expect(try model.scores(ids).bytes() == before.bytes())
    }

    @Test func severalAdaptersAddUp() throws {
        let (first, second) = (
            try tiny.adapter(seed: 2), try tiny.adapter(rank: 2, alpha: 1, seed: 3, modules: [.query, .down])
        )
        let both = try scores(Adapter(first, for: model), Adapter(second, for: model))
        try expect(both, near: tiny.merged(first).merged(second).load().scores(ids), tolerance: Tolerance.regrouped)
        try expect(
            both, near: scores(Adapter(second, for: model), Adapter(first, for: model)), tolerance: Tolerance.regrouped)
    }

    @Test func frozenAdapterGivesTheSameLogits() throws {
        let adapter = try Adapter(tiny.adapter(dropout: 0.3), for: model)
        let frozen = try adapter.frozen(as: .float32, device: .cpu)
        try expect(scores(frozen), near: scores(adapter), tolerance: Tolerance.regrouped)
        #expect(frozen.parameters.allSatisfy { !$0.requiresGradient })
        let half = try adapter.frozen(as: .bfloat16, device: .cpu)
        #expect(half.parameters.allSatisfy { $0.dtype == .bfloat16 })
        try expect(scores(half), near: scores(adapter), tolerance: Tolerance.of(.bfloat16))
    }

    @Test func frozenAdapterAppliesNoDropout() throws {
        let frozen = try Adapter(tiny.adapter(dropout: 0.9), for: model).frozen(as: .float32, device: .cpu)
        let training = try model.scores(ids, adapters: ActiveAdapters([frozen], appliesDropout: true))
        #expect(try training.bytes() == scores(frozen).bytes())
    }

    @Test func dropoutAppliesOnlyInTraining() throws {
        let adapter = try Adapter(tiny.adapter(dropout: 0.5), for: model)
        #expect(try scores(adapter).bytes() == scores(adapter).bytes())
        let training = ActiveAdapters([adapter], appliesDropout: true)
        let (first, second) = (try model.scores(ids, adapters: training), try model.scores(ids, adapters: training))
        #expect(try relativeError(first, second) > 1e-3)
    }

    @Test func scaleIsAlphaOverRank() throws {
        var stored = try tiny.adapter(rank: 4, alpha: 2)
        let half = try scores(Adapter(stored, for: model))
        stored.configuration.isRankStabilized = true
        let whole = try scores(Adapter(stored, for: model))
        // alpha / √r instead of alpha / r.
        stored.configuration.isRankStabilized = false
        stored.configuration.alpha = 4
        try expect(scores(Adapter(stored, for: model)), near: whole, tolerance: Tolerance.regrouped)
        #expect(try relativeError(half, whole) > 1e-3)
    }

    @Test func newAdapterHasNoEffect() throws {
        let adapter = try Adapter(for: model, rank: 4, alpha: 8, dropout: 0.1)
        try expect(scores(adapter), near: model.scores(ids), tolerance: 1e-7)
        #expect(adapter.pairs.count == 2 * Adapter.attentionModules.count)
        for (target, pair) in adapter.pairs {
            let (input, output) = model.configuration.size(of: target.module)
            #expect(pair.a.shape == [4, input] && pair.b.shape == [output, 4] && pair.scale == 2)
            #expect(try pair.b.abs().max().item() == 0)
            let bound = 1 / Double(input).squareRoot()
            let (minimum, largest) = (try pair.a.min().item(), try pair.a.max().item())
            #expect(largest <= bound && largest > 0.8 * bound)
            #expect(minimum >= -bound && minimum < -0.8 * bound)
        }
    }

    @Test func seedDeterminesANewAdapter() async {
        // libtorch's generator is process-wide; in this process no other suite uses it.
        await #expect(processExitsWith: .success) {
            let model = try TinyModel().load()
            func fresh(_ seed: UInt64) throws -> [[UInt8]] {
                try Runtime.seed(seed)
                return try Adapter(for: model, rank: 4, alpha: 8, dropout: 0).parameters.map { try $0.bytes() }
            }
            let first = try fresh(1)
            #expect(try fresh(1) == first)
            #expect(try fresh(2) != first)
        }
    }

    @Test func parametersAreInAFixedOrder() throws {
        let stored = try tiny.adapter(modules: AdapterModule.allCases)
        let parameters = try Adapter(stored, for: model).parameters
        let targets = stored.weights.keys.sorted()
        try #require(parameters.count == 2 * targets.count)
        #expect(targets.first?.layer == 0 && targets.last?.layer == 1)
        for (index, target) in targets.enumerated() {
            #expect(try parameters[2 * index].bytes() == stored.weights[target]?.a.bytes())
            #expect(try parameters[2 * index + 1].bytes() == stored.weights[target]?.b.bytes())
        }
    }

    @Test func trainingDoesNotChangeTheCheckpoint() throws {
        let stored = try tiny.adapter()
        let adapter = try Adapter(stored, for: model)
        for parameter in adapter.parameters { try parameter.fill(7) }
        for weights in stored.weights.values { #expect(try weights.a.max().item() < 1 && weights.b.max().item() < 1) }
    }

    @Test func gradientsReachEveryMatrix() throws {
        let adapter = try Adapter(tiny.adapter(modules: AdapterModule.allCases), for: model)
        for parameter in adapter.parameters { try parameter.setRequiresGradient(true) }
        let states = try model.hiddenStates(model.embed(ids), adapters: ActiveAdapters([adapter]))
        try model.logits(states)[0].crossEntropy(Tensor(tiny.ids(12, seed: 5))).backward()
        for parameter in adapter.parameters {
            let gradient = try #require(try parameter.gradient)
            #expect(gradient.dtype == .float32 && gradient.shape == parameter.shape)
            #expect(try gradient.norm().item() > 0)
        }
    }

    @Test func adapterRoundTripsThroughAFile() throws {
        let adapter = try Adapter(tiny.adapter(dropout: 0.05), for: model)
        try withTemporaryFolder { folder in
            try adapter.checkpoint(baseModel: "tiny").write(to: folder)
            let again = try AdapterCheckpoint.read(folder)
            #expect(again.configuration.baseModel == "tiny" && again.configuration.dropout == 0.05)
            #expect(try scores(Adapter(again, for: model)).bytes() == scores(adapter).bytes())
        }
        let half = try adapter.checkpoint(as: .bfloat16)
        #expect(half.weights.values.allSatisfy { $0.a.dtype == .bfloat16 && $0.b.dtype == .bfloat16 })
    }

    @Test func adapterOfAnotherModelIsRefused() throws {
        let stored = try tiny.adapter()
        var wider = tiny
        wider.configuration.hiddenSize = 32
        var shallower = tiny
        shallower.configuration.layerCount = 1
        for other in [wider.configuration, shallower.configuration] {
            let line = fault(ModelError.self) { try Adapter(stored, for: model).check(fits: other) }
            #expect(line.contains("another model") && line.contains("self_attn"))
        }
        let narrow = try TinyModel(keyValueHeads: 1).load()
        let line = fault(ModelError.self) { _ = try Adapter(stored, for: narrow) }
        #expect(line.contains("model.layers.0.self_attn.k_proj") && line.contains("[16, 3]") && line.contains("[8, r]"))
    }
}

/// The fixture's AutoCompressor with its PEFT adapter.
@Suite struct CompressorFixtureTests {
    private let model: Llama
    private let adapter: Adapter
    private let expected: Expected<CompressorValues>

    init() throws {
        let folder = TestFiles.fixtures.appending(path: "autocompressor")
        model = try Llama(CheckpointLoader.open(folder), configuration: LlamaConfiguration(at: folder))
        adapter = try Adapter(AdapterCheckpoint.read(folder.appending(path: "adapter")), for: model)
        expected = try Expected("autocompressor")
    }

    private func prompt() throws -> Tensor {
        try .concatenated([expected.tensor("vectors.accumulate"), model.embed(expected.values.question)[0]])
    }

    @Test func questionAfterTheVectors() throws {
        let input = try prompt()
        let count = expected.values.question.count
        let plain = try model.scores(input).narrowed(0, start: input.size(0) - count, length: count)
        try expect(plain, near: expected.tensor("question_logits"))
        #expect(try model.greedy(input, expected.values.questionGreedy.count) == expected.values.questionGreedy)
    }

    @Test func questionWithTheAdapterOn() throws {
        let input = try prompt()
        let count = expected.values.question.count
        for adapter in [adapter, try adapter.frozen(as: .float32, device: .cpu)] {
            let active = ActiveAdapters([adapter])
            let adapted = try model.scores(input, adapters: active)
            try expect(
                adapted.narrowed(0, start: input.size(0) - count, length: count),
                near: expected.tensor("adapter.question_logits"))
            let greedy = expected.values.adapterQuestionGreedy
            #expect(try model.greedy(input, greedy.count, adapters: active) == greedy)
        }
    }

    @Test func piecesThroughTheCacheWithTheAdapterOn() throws {
        let input = try prompt()
        let count = expected.values.question.count
        let active = ActiveAdapters([adapter])
        let scores = try model.scores(input, pieces: [input.size(0) - count, 1, count - 1], adapters: active)
        try expect(
            scores.narrowed(0, start: input.size(0) - count, length: count),
            near: expected.tensor("adapter.question_logits"))
    }
}

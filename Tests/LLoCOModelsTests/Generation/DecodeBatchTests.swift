import LLoCOBase
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Sequences of a batch give the same results as alone.
@Suite struct DecodeBatchTests {
    private let tiny: TinyModel
    private let model: Llama
    private let ids: [Int]

    init() throws {
        tiny = try TinyModel(biased: true, hiddenSize: 64, headSize: 16)
        model = try tiny.load()
        ids = tiny.ids(120)
    }

    /// A prefilled cache of `count` ids from `start` on.
    private func cache(_ start: Int, _ count: Int, _ adapters: ActiveAdapters) throws -> KeyValueCache {
        let cache = KeyValueCache(layerCount: 2)
        _ = try withoutGradients {
            try model.hiddenStates(
                model.embed(Array(ids[start..<start + count])), cache: cache, adapters: adapters, last: 0)
        }
        return cache
    }

    private func adapters() throws -> [ActiveAdapters] {
        let own = try (0..<3).map { seed in
            try Adapter(
                tiny.adapter(rank: 2 + seed, seed: UInt64(10 + seed), modules: AdapterModule.allCases), for: model)
        }
        return [.none, ActiveAdapters([own[0]]), ActiveAdapters([own[1]]), ActiveAdapters([own[0], own[2]])]
    }

    /// Twenty sequences, more than one product's maximum; some begin later and some end earlier.
    @Test(arguments: [nil, QuantizedWeight.Bits.eight, .four])
    func sequencesMatchDecodingAlone(_ weights: QuantizedWeight.Bits?) throws {
        let adapters = try adapters()
        struct Plan {
            let start: Int
            let count: Int
            let adapters: ActiveAdapters
            let steps: Range<Int>
        }
        let plans = (0..<20).map { index in
            Plan(
                start: index, count: 1 + (index * 7) % 40, adapters: adapters[(index * 3) % 4],
                steps: (index % 5)..<(6 + index % 4))
        }
        func token(_ plan: Plan, _ step: Int) -> Int { ids[plan.start + 60 + step] }
        let alone = try plans.map { plan in
            let session = try DecodeSession(
                model, cache: cache(plan.start, plan.count, plan.adapters), adapters: plan.adapters, weights: weights)
            return try plan.steps.map { try session.step(token(plan, $0)).array(of: Float.self) }
        }
        let batch = try DecodeBatch(model, weights: weights)
        #expect(batch.isQuantized == (weights != nil))
        let sequences = try plans.map { plan in
            try batch.sequence(continuing: cache(plan.start, plan.count, plan.adapters), adapters: plan.adapters)
        }
        for step in 0..<9 {
            // In a different order each time.
            let members = plans.indices.filter { plans[$0].steps.contains(step) }.shuffled(step)
            let scores = try batch.step(members.map { (sequences[$0], token(plans[$0], step)) })
            for (member, row) in zip(members, scores) {
                let expected = alone[member][step - plans[member].steps.lowerBound]
                #expect(try row.array(of: Float.self) == expected, "sequence \(member), step \(step)")
            }
        }
        for (plan, sequence) in zip(plans, sequences) {
            #expect(sequence.cache.count == plan.count + plan.steps.count)
        }
    }

    @Test func adaptersAreDistinguished() throws {
        let adapters = try adapters()
        let batch = try DecodeBatch(model, weights: .eight)
        let sequences = try adapters.map { try batch.sequence(continuing: cache(0, 30, .none), adapters: $0) }
        let rows = try batch.step(sequences.map { ($0, ids[40]) }).map { try $0.array(of: Float.self) }
        #expect(Set(rows).count == 4)
    }

    /// Once page and views exist, and while the sequences are the same.
    @Test func stepsAllocateNoStorage() throws {
        let adapters = try adapters()
        let batch = try DecodeBatch(model, weights: .eight)
        let sequences = try (0..<6).map {
            try batch.sequence(
                continuing: cache($0, 10 + $0, adapters[$0 % 4]), adapters: adapters[$0 % 4], expecting: 40)
        }
        func steps(_ count: Int, _ sequences: [DecodeBatch.Sequence]) throws {
            for step in 0..<count { _ = try batch.step(sequences.map { ($0, ids[step]) }) }
        }
        try steps(1, sequences)
        #expect(try Runtime.storagesMade { try steps(30, sequences) } == 0)
        // Fewer sequences use the same buffers.
        #expect(try Runtime.storagesMade { try steps(10, Array(sequences.dropLast(2))) } == 0)
    }

    @Test func invalidIdsContinueNoSequence() throws {
        for weights in [QuantizedWeight.Bits.eight, nil] {
            let batch = try DecodeBatch(model, weights: weights)
            let sequences = try (0..<2).map { try batch.sequence(continuing: cache($0, 5, .none)) }
            #expect(
                fault(ModelError.self) { _ = try batch.step([(sequences[0], 1), (sequences[1], 40)]) }
                    .contains("token id 40"))
            #expect(sequences.allSatisfy { $0.cache.count == 5 })
            #expect(try batch.step([]).isEmpty)
        }
    }
}

extension Array {
    /// Shuffled by a seed.
    fileprivate func shuffled(_ seed: Int) -> [Element] {
        var generator = SplitMix64(seed: UInt64(seed))
        return shuffled(using: &generator)
    }
}

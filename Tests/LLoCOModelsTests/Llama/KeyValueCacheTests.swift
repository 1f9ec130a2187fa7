import LLoCOCheckpoints
import LLoCOModels
import LLoCOTorch
import Testing

@Suite struct KeyValueCacheTests {
    let tiny: TinyModel
    let model: Llama
    let ids: [Int]
    let input: Tensor
    /// The logits of `ids` without a cache.
    let expected: Tensor

    init() throws {
        tiny = try TinyModel()
        model = try tiny.load()
        ids = tiny.ids(200)
        input = try model.embed(ids)[0]
        expected = try model.scores(input)
    }

    private func cache() -> KeyValueCache { KeyValueCache(layerCount: model.configuration.layerCount) }

    @Test(arguments: [
        [200], [199, 1], [1, 199], [64, 1, 63, 64, 8], [63, 2, 135], [65, 64, 71], [100, 100],
        Array(repeating: 1, count: 200),
    ])
    func piecesOfAnySize(_ pieces: [Int]) throws {
        let cache = cache()
        try expect(
            model.scores(input, pieces: pieces, cache: cache), near: expected, tolerance: Tolerance.regrouped)
        #expect(cache.count == 200)
    }

    @Test func isEmptyInitially() {
        #expect(cache().count == 0)
    }

    @Test func truncatedCacheContinuesWithOtherTokens() throws {
        let cache = cache()
        let other = try model.embed(tiny.ids(30, seed: 8))[0]
        for (length, pieces) in [(150, [150]), (90, [30, 60]), (20, [20])] {
            cache.truncate(to: 0)
            _ = try model.scores(input[0..<length], pieces: pieces, cache: cache)
            let cut = length / 2
            cache.truncate(to: cut)
            #expect(cache.count == cut)
            let scores = try model.scores(other, pieces: [13, 17], cache: cache)
            let whole = try model.scores(.concatenated([input[0..<cut], other]))
            try expect(scores, near: whole[cut..<cut + 30], tolerance: Tolerance.regrouped)
        }
    }

    @Test func sharedCacheContinuesRowsIndependently() throws {
        let prefix = cache()
        _ = try model.scores(input[0..<70], pieces: [70], cache: prefix)
        let shared = try prefix.shared(by: 3)
        #expect(shared.count == 70)
        let rows = (0..<3).map { tiny.ids(12, seed: 20 + UInt64($0)) }
        var scores: [Tensor] = []
        for piece in [0..<5, 5..<6, 6..<12] {
            let part = try model.embed(rows.map { Array($0[piece]) })
            scores.append(try withoutGradients { try model.logits(model.hiddenStates(part, cache: shared)) })
        }
        let batch = try Tensor.concatenated(scores, 1)
        for (row, ids) in rows.enumerated() {
            let whole = try model.scores(.concatenated([input[0..<70], model.embed(ids)[0]]))
            try expect(batch[row], near: whole[70..<82], tolerance: Tolerance.regrouped)
        }
        // The prefix is unchanged.
        #expect(prefix.count == 70)
        try expect(
            model.scores(input[70..<200], pieces: [130], cache: prefix), near: expected[70..<200],
            tolerance: Tolerance.regrouped)
    }

    @Test func truncatedCopiesAreIndependent() throws {
        let other = try model.embed(tiny.ids(40, seed: 30))[0]
        for changed in ["copy", "original"] {
            let original = cache()
            _ = try model.scores(input[0..<60], pieces: [60], cache: original)
            let copy = try original.shared(by: 1)
            let (writer, reader) = changed == "copy" ? (copy, original) : (original, copy)
            writer.truncate(to: 20)
            let scores = try model.scores(other, pieces: [30, 10], cache: writer)
            let whole = try model.scores(.concatenated([input[0..<20], other]))
            try expect(scores, near: whole[20..<60], tolerance: Tolerance.regrouped)
            try expect(
                model.scores(input[60..<100], pieces: [40], cache: reader), near: expected[60..<100],
                tolerance: Tolerance.regrouped)
        }
    }

    @Test func sharedCacheOfABatchCanBeTruncated() throws {
        let original = cache()
        _ = try model.scores(input[0..<60], pieces: [60], cache: original)
        let copy = try original.shared(by: 2)
        copy.truncate(to: 30)
        let part = try model.embed([Array(ids[30..<40]), Array(ids[30..<40])])
        let scores = try withoutGradients { try model.logits(model.hiddenStates(part, cache: copy)) }
        for row in 0..<2 { try expect(scores[row], near: expected[30..<40], tolerance: Tolerance.regrouped) }
    }

    @Test func maskCoversTheCachedPositions() throws {
        // Rows of 3 and 5 ids, padded on the left, then two more each.
        let rows = [Array(ids[0..<5]), Array(ids[5..<12])]
        let mask = [[0, 0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1]]
        let padded = [[0, 0] + rows[0], rows[1]]
        let numbers = positions(of: mask)
        let cache = cache()
        var scores: [Tensor] = []
        for piece in [0..<5, 5..<6, 6..<7] {
            let part = try model.embed(padded.map { Array($0[piece]) })
            let seen = try bools(mask.map { Array($0[..<piece.upperBound]) })
            scores.append(
                try withoutGradients {
                    try model.logits(
                        model.hiddenStates(
                            part, cache: cache, mask: seen, positions: numbers.map { Array($0[piece]) }))
                })
        }
        let batch = try Tensor.concatenated(scores, 1)
        try expect(batch[0][2..<7], near: model.scores(rows[0]), tolerance: Tolerance.regrouped)
        try expect(batch[1], near: model.scores(rows[1]), tolerance: Tolerance.regrouped)
    }

    @Test func gradientsFlowThroughASharedPrefix() throws {
        let rows = [Array(ids[0..<4]), Array(ids[4..<8])]
        let targets = try Tensor(tiny.ids(8, seed: 40))
        func gradient(_ states: (Tensor) throws -> Tensor) throws -> (loss: Double, gradient: Tensor) {
            let vectors = try input[10..<16].cloned()
            try vectors.setRequiresGradient(true)
            let loss = try model.logits(states(vectors.unsqueezed(0))).reshaped([8, 40]).crossEntropy(targets)
            try loss.backward()
            return (try loss.item(), try #require(try vectors.gradient))
        }
        let whole = try gradient { vectors in
            let batch = try Tensor.concatenated([vectors.expanded([2, -1, -1]), model.embed(rows)], 1)
            return try model.hiddenStates(batch).narrowed(1, start: 6, length: 4)
        }
        let cached = try gradient { vectors in
            let prefix = cache()
            _ = try model.hiddenStates(vectors, cache: prefix)
            return try model.hiddenStates(model.embed(rows), cache: prefix.shared(by: 2))
        }
        #expect(abs(whole.loss - cached.loss) < 1e-5 * whole.loss)
        try expect(cached.gradient, near: whole.gradient)
    }

    @Test func writingAfterTruncationKeepsTheGraph() throws {
        let targets = try Tensor(tiny.ids(6, seed: 41))
        func gradient(disturbed: Bool) throws -> Tensor {
            let vectors = try input[0..<6].cloned()
            try vectors.setRequiresGradient(true)
            let cache = cache()
            let states = try model.hiddenStates(vectors.unsqueezed(0), cache: cache)
            if disturbed {
                cache.truncate(to: 2)
                _ = try model.scores(input[50..<54], pieces: [4], cache: cache)
            }
            try model.logits(states)[0].crossEntropy(targets).backward()
            return try #require(try vectors.gradient)
        }
        try expect(gradient(disturbed: true), near: gradient(disturbed: false), tolerance: 1e-7)
    }

    @Test func truncatedCacheKeepsGradients() throws {
        let targets = try Tensor(tiny.ids(4, seed: 42))
        let rest = try model.embed(tiny.ids(4, seed: 43))
        func gradient(cut: Bool) throws -> Tensor {
            let vectors = try input[0..<6].cloned()
            try vectors.setRequiresGradient(true)
            let cache = cache()
            let first = try cut ? .concatenated([vectors, input[90..<95]]) : vectors
            _ = try model.hiddenStates(first.unsqueezed(0), cache: cache)
            cache.truncate(to: 6)
            let states = try model.hiddenStates(rest, cache: cache)
            #expect(cache.count == 10)
            try model.logits(states)[0].crossEntropy(targets).backward()
            return try #require(try vectors.gradient)
        }
        try expect(gradient(cut: true), near: gradient(cut: false), tolerance: Tolerance.regrouped)
    }

    @Test func laterPassesDoNotAffectTheGraph() throws {
        let targets = try Tensor(tiny.ids(4, seed: 44))
        let vectors = try input[0..<4].cloned()
        try vectors.setRequiresGradient(true)
        // Pages with free positions, which attention keeps for its backward pass.
        let cache = cache()
        _ = try model.scores(input[0..<10], pieces: [10], cache: cache)
        let states = try model.hiddenStates(vectors.unsqueezed(0), cache: cache)
        _ = try model.scores(input[0..<10], pieces: [1, 9], cache: cache)
        try model.logits(states)[0].crossEntropy(targets).backward()
        #expect(try vectors.gradient != nil && cache.count == 24)
    }

    @Test func failedPassAddsNothing() throws {
        let cache = cache()
        _ = try model.scores(input[0..<10], pieces: [10], cache: cache)
        let wrong = try model.embed([[1, 2], [3, 4]])
        _ = fault(ModelError.self) { _ = try withoutGradients { try model.hiddenStates(wrong, cache: cache) } }
        #expect(cache.count == 10)
        try expect(
            model.scores(input[10..<30], pieces: [20], cache: cache), near: expected[10..<30],
            tolerance: Tolerance.regrouped)
    }
}

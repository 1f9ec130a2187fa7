import LLoCOCheckpoints
import LLoCOModels
import LLoCOTorch
import Testing

/// Keys and values as rows, taken from one cache and appended to another.
@Suite struct KeysAndValuesTests {
    let tiny: TinyModel
    let model: Llama
    let input: Tensor

    init() throws {
        tiny = try TinyModel()
        model = try tiny.load()
        input = try model.embed(tiny.ids(60))[0]
    }

    private func cache() -> KeyValueCache { KeyValueCache(layerCount: model.configuration.layerCount) }

    /// Rows at their original positions give the same logits, for any split into pieces.
    @Test(arguments: [[40], [7, 33], [1, 38, 1]])
    func rowsAtTheirPositions(_ pieces: [Int]) throws {
        let first = cache()
        _ = try model.scores(input[0..<40], pieces: pieces, cache: first)
        let rows = try withoutGradients { try model.keysAndValues(of: first, last: 40)[0] }
        #expect(rows.shape == [40, model.keyValueSize])
        let last = try withoutGradients { try model.keysAndValues(of: first, last: 5)[0] }
        #expect(try last.bytes() == rows[35..<40].bytes())
        let second = cache()
        var start = 0
        for count in pieces {
            try withoutGradients { try model.append(rows[start..<start + count].unsqueezed(0), to: second) }
            start += count
        }
        #expect(second.count == 40)
        let expected = try model.scores(input[40..<60], pieces: [20], cache: first)
        try expect(
            model.scores(input[40..<60], pieces: [20], cache: second), near: expected, tolerance: Tolerance.regrouped)
        // Later positions are appended and truncated as usual.
        second.truncate(to: 40)
        try expect(
            model.scores(input[40..<60], pieces: [3, 17], cache: second), near: expected,
            tolerance: Tolerance.regrouped)
    }

    /// Only distances matter: a row at another position is rotated as if computed there.
    @Test func rowsAtOtherPositions() throws {
        let first = cache()
        _ = try model.scores(input[0..<20], pieces: [20], cache: first)
        let moved = cache()
        try withoutGradients {
            // The same rows twice, so that the second copy is 20 positions later.
            let rows = try model.keysAndValues(of: first, last: 20)
            try model.append(rows, to: moved)
            try model.append(rows, to: moved)
            let again = try model.keysAndValues(of: moved, last: 40)[0]
            try expect(
                again[0..<20], near: again[20..<40], tolerance: Tolerance.regrouped)
        }
    }

    /// Rows of several sequences match those of each sequence alone, in both directions.
    @Test func severalSequences() throws {
        try withoutGradients {
            let both = cache()
            _ = try model.hiddenStates(.stacked([input[0..<20], input[20..<40]]), cache: both)
            let rows = try model.keysAndValues(of: both, last: 15)
            #expect(rows.shape == [2, 15, model.keyValueSize])
            let again = cache()
            try model.append(rows, to: again)
            let next = try model.hiddenStates(
                .stacked([input[40..<50], input[50..<60]]), cache: again.shared(by: 2))
            for index in 0..<2 {
                let own = cache()
                _ = try model.hiddenStates(input[20 * index..<20 * index + 20].unsqueezed(0), cache: own)
                let expected = try model.keysAndValues(of: own, last: 15)
                try expect(rows[index], near: expected[0], tolerance: Tolerance.regrouped)
                let alone = cache()
                try model.append(expected, to: alone)
                try expect(
                    next[index],
                    near: model.hiddenStates(input[40 + 10 * index..<50 + 10 * index].unsqueezed(0), cache: alone)[0],
                    tolerance: Tolerance.regrouped)
            }
        }
    }

    @Test(arguments: [false, true], [false, true]) func gradientsFlow(biased: Bool, recomputes: Bool) throws {
        let rows = try withoutGradients {
            let first = cache()
            _ = try model.hiddenStates(input[0..<12].unsqueezed(0), cache: first)
            return try model.keysAndValues(of: first, last: 12)
        }
        let bias = try biased ? bias(keys: 12) : nil
        func value(_ rows: Tensor) throws -> Tensor {
            let own = cache()
            try model.append(rows, to: own, bias: bias)
            let hidden = try model.hiddenStates(
                input[12..<20].unsqueezed(0), cache: own, recomputes: recomputes && gradientsAreRecorded)
            return try (hidden * hidden).sum()
        }
        let leaf = try rows.cloned()
        try leaf.setRequiresGradient(true)
        try value(leaf).backward()
        let gradient = try #require(try leaf.gradient)
        try Runtime.seed(3)
        for _ in 0..<3 {
            let direction = try Tensor.randn(rows.shape)
            let found = try (gradient * direction).sum().item()
            let expected = try withoutGradients {
                try (value(rows + direction * 1e-2).item() - value(rows - direction * 1e-2).item()) / 2e-2
            }
            #expect(abs(found - expected) < 2e-2 * max(1, abs(expected)), "\(found), \(expected)")
        }
    }

    /// Random biases [B, 2, K, n] for heads with different numbers of keys.
    private func bias(_ batch: Int = 1, keys: Int) throws -> Tensor {
        let heads = model.configuration.keyValueHeadCount
        try Runtime.seed(5)
        let bias = try Tensor.randn([batch, 2, heads, keys])
        for sequence in 0..<batch {
            for layer in 0..<2 {
                for head in 0..<heads {
                    let kept = keys - (2 * layer + 3 * head + sequence) % keys
                    let rest = try bias[sequence][layer][head].narrowed(0, start: kept, length: keys - kept)
                    try rest.copy(from: .full(rest.shape, -.infinity))
                }
            }
        }
        return bias
    }

    private func rows(_ count: Int) throws -> Tensor {
        try withoutGradients {
            let first = cache()
            _ = try model.hiddenStates(input[0..<count].unsqueezed(0), cache: first)
            return try model.keysAndValues(of: first, last: count)
        }
    }

    /// Keys masked in all heads only shift the positions after them.
    @Test func keysMaskedInAllHeadsAreNotStored() throws {
        let rows = try rows(12)
        let bias = try Tensor.randn([1, 2, model.configuration.keyValueHeadCount, 12])
        try bias.narrowed(3, start: 7, length: 5).copy(from: .full([1, 2, bias.size(2), 5], -.infinity))
        try withoutGradients {
            let (whole, first) = (cache(), cache())
            try model.append(rows, to: whole, logWeight: -0.5, bias: bias)
            try model.append(
                rows.narrowed(1, start: 0, length: 7), to: first, logWeight: -0.5,
                bias: bias.narrowed(3, start: 0, length: 7))
            #expect(whole.count == 12 && first.count == 7)
            let text = try input[20..<30].unsqueezed(0)
            let found = try model.hiddenStates(text, cache: whole)
            try expect(
                found, near: model.hiddenStates(text, cache: first, positions: [Array(12..<22)]),
                tolerance: Tolerance.regrouped)
            let plain = cache()
            try model.append(rows, to: plain, logWeight: -0.5)
            #expect(try relativeError(found, model.hiddenStates(text, cache: plain)) > 1e-3)
        }
    }

    /// Truncation, sharing, a forward pass with a mask (libtorch's attention) and gradient checkpointing use the same
    /// biases.
    @Test func biasesStayWithTheirKeys() throws {
        let (rows, bias) = (try rows(12), try bias(keys: 12))
        let text = try input[20..<30].unsqueezed(0)
        func filled(_ count: Int) throws -> KeyValueCache {
            let cache = cache()
            _ = try model.hiddenStates(input[50..<53].unsqueezed(0), cache: cache)
            try model.append(
                rows.narrowed(1, start: 0, length: count), to: cache, bias: bias.narrowed(3, start: 0, length: count))
            return cache
        }
        try withoutGradients {
            let expected = try model.hiddenStates(text, cache: filled(12))
            let shared = try filled(12).shared(by: 3)
            let batch = try model.hiddenStates(.concatenated([text, text, text]), cache: shared)
            for row in 0..<3 { try expect(batch[row], near: expected[0], tolerance: Tolerance.regrouped) }
            let mask = try Tensor.ones([1, 25], dtype: .bool)
            try expect(
                model.hiddenStates(text, cache: filled(12), mask: mask), near: expected, tolerance: Tolerance.regrouped)
            let pieces = try filled(12)
            let parts = try [0..<4, 4..<5, 5..<10].map { range in
                try model.hiddenStates(
                    text.narrowed(1, start: range.lowerBound, length: range.count), cache: pieces)
            }
            try expect(.concatenated(parts, 1), near: expected, tolerance: Tolerance.regrouped)

            let cut = try filled(12)
            cut.truncate(to: 3 + 8)
            try expect(
                model.hiddenStates(text, cache: cut), near: model.hiddenStates(text, cache: filled(8)),
                tolerance: Tolerance.regrouped)
        }
        let kept = try model.hiddenStates(text, cache: filled(12))
        try expect(
            model.hiddenStates(text, cache: filled(12), recomputes: true), near: kept, tolerance: Tolerance.regrouped)
    }

    @Test func everySequenceHasItsOwnBias() throws {
        let bias = try bias(2, keys: 12)
        try withoutGradients {
            let (both, text) = (try rows(12), try input[20..<30].unsqueezed(0))
            let cache = cache()
            try model.append(.concatenated([both, both]), to: cache, bias: bias)
            let found = try model.hiddenStates(.concatenated([text, text]), cache: cache)
            for sequence in 0..<2 {
                let alone = self.cache()
                try model.append(both, to: alone, bias: bias[sequence..<sequence + 1])
                try expect(
                    found[sequence], near: model.hiddenStates(text, cache: alone)[0], tolerance: Tolerance.regrouped)
            }
            // One bias for both.
            let other = self.cache()
            try model.append(.concatenated([both, both]), to: other, bias: bias[0..<1])
            try expect(
                model.hiddenStates(.concatenated([text, text]), cache: other)[1], near: found[0],
                tolerance: Tolerance.regrouped)
        }
    }

    @Test func faults() throws {
        let cache = cache()
        #expect(throws: ModelError.self) { _ = try model.keysAndValues(of: cache, last: 1) }
        #expect(throws: ModelError.self) { try model.append(.zeros([1, 1, model.keyValueSize - 1]), to: cache) }
        #expect(throws: ModelError.self) { try model.append(.zeros([1, 0, model.keyValueSize]), to: cache) }
        let heads = model.configuration.keyValueHeadCount
        for wrong in [[2, 2, heads, 3], [1, 1, heads, 3], [1, 2, heads, 4], [2, heads, 3]] {
            #expect(throws: ModelError.self) {
                try model.append(.zeros([1, 3, model.keyValueSize]), to: cache, bias: .zeros(wrong))
            }
        }
        _ = try model.hiddenStates(.concatenated([input.unsqueezed(0), input.unsqueezed(0)]), cache: cache)
        #expect(throws: ModelError.self) { try model.append(.zeros([1, 1, model.keyValueSize]), to: cache) }
        #expect(throws: ModelError.self) { _ = try cache.shared(by: 3) }
    }
}

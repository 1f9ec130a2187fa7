import LLoCOCheckpoints
import LLoCOModels
import LLoCOTorch
import Testing

/// Keys and values as rows, taken from one cache and given places in another.
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

    /// At the places that they came from they are what they were, in however many pieces they come and go.
    @Test(arguments: [[40], [7, 33], [1, 38, 1]])
    func rowsInTheirOwnPlaces(_ pieces: [Int]) throws {
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
        // What comes after is added as usual, and cut again.
        second.truncate(to: 40)
        try expect(
            model.scores(input[40..<60], pieces: [3, 17], cache: second), near: expected,
            tolerance: Tolerance.regrouped)
    }

    /// Distances count, not places: a row that stands elsewhere is turned as if it had been computed there.
    @Test func rowsInOtherPlaces() throws {
        let first = cache()
        _ = try model.scores(input[0..<20], pieces: [20], cache: first)
        let moved = cache()
        try withoutGradients {
            // Twice the same rows, so that the second copy stands 20 places later.
            let rows = try model.keysAndValues(of: first, last: 20)
            try model.append(rows, to: moved)
            try model.append(rows, to: moved)
            let again = try model.keysAndValues(of: moved, last: 40)[0]
            try expect(
                again[0..<20], near: again[20..<40], tolerance: Tolerance.regrouped)
        }
    }

    /// Rows of several sequences are those of each alone, and are given back to each.
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

    @Test func gradientsFlow() throws {
        let rows = try withoutGradients {
            let first = cache()
            _ = try model.hiddenStates(input[0..<12].unsqueezed(0), cache: first)
            return try model.keysAndValues(of: first, last: 12)
        }
        func value(_ rows: Tensor) throws -> Tensor {
            let own = cache()
            try model.append(rows, to: own)
            let hidden = try model.hiddenStates(input[12..<20].unsqueezed(0), cache: own)
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

    @Test func faults() throws {
        let cache = cache()
        #expect(throws: ModelError.self) { _ = try model.keysAndValues(of: cache, last: 1) }
        #expect(throws: ModelError.self) { try model.append(.zeros([1, 1, model.keyValueSize - 1]), to: cache) }
        #expect(throws: ModelError.self) { try model.append(.zeros([1, 0, model.keyValueSize]), to: cache) }
        _ = try model.hiddenStates(.concatenated([input.unsqueezed(0), input.unsqueezed(0)]), cache: cache)
        #expect(throws: TorchError.self) { try model.append(.zeros([1, 1, model.keyValueSize]), to: cache) }
        #expect(throws: TorchError.self) { _ = try cache.shared(by: 3) }
    }
}

import LLoCOCheckpoints
import LLoCOModels
import LLoCOTorch
import Testing

@Suite struct LlamaTests {
    @Test(arguments: [(tied: false, biased: false, heads: 4), (true, false, 2), (false, true, 1), (true, true, 2)])
    func matchesTheReference(_ tied: Bool, _ biased: Bool, _ heads: Int) throws {
        let tiny = try TinyModel(seed: 3, tied: tied, biased: biased, keyValueHeads: heads)
        let ids = tiny.ids(11)
        let expected = try Tensor(ReferenceLlama(tiny).scores(ids), shape: [ids.count, 40])
        try expect(tiny.load().scores(ids), near: expected, tolerance: Tolerance.regrouped)
        try expect(tiny.load(.bfloat16).scores(ids), near: expected, tolerance: Tolerance.amplified)
    }

    @Test func laterPositionsDoNotAffectEarlierOnes() throws {
        let tiny = try TinyModel()
        let model = try tiny.load()
        let ids = tiny.ids(20)
        let whole = try model.scores(ids)
        for length in [1, 2, 7, 19] {
            try expect(
                model.scores(Array(ids.prefix(length))), near: whole[0..<length], tolerance: Tolerance.regrouped)
        }
    }

    @Test func rowsOfABatchDoNotMix() throws {
        let tiny = try TinyModel()
        let model = try tiny.load()
        let rows = (0..<3).map { tiny.ids(9, seed: UInt64($0)) }
        let batch = try withoutGradients { try model.logits(model.hiddenStates(model.embed(rows))) }
        #expect(batch.shape == [3, 9, 40])
        for (row, ids) in rows.enumerated() {
            try expect(batch[row], near: model.scores(ids), tolerance: Tolerance.regrouped)
        }
    }

    @Test func statesBeforeAShiftedPositionDiffer() throws {
        let tiny = try TinyModel()
        let model = try tiny.load()
        let input = try model.embed(tiny.ids(6))
        func states(_ positions: [Int]) throws -> Tensor {
            try withoutGradients { try model.hiddenStates(input, positions: [positions]) }
        }
        let plain = try states(Array(0..<6))
        try expect(plain, near: withoutGradients { try model.hiddenStates(input) }, tolerance: 1e-7)
        // Only distances matter.
        try expect(states(Array(1000..<1006)), near: plain, tolerance: Tolerance.of(.float32))
        #expect(try relativeError(states([0, 1, 2, 3, 4, 9]), plain) > 1e-3)
    }

    @Test func positionsBeyondTheFirstTableOfAngles() throws {
        let tiny = try TinyModel()
        let ids = tiny.ids(600)
        let (fresh, used) = (try tiny.load(), try tiny.load())
        _ = try used.scores(Array(ids.prefix(3)))
        let expected = try Tensor(ReferenceLlama(tiny).scores(Array(ids.prefix(300))), shape: [300, 40])
        try expect(fresh.scores(Array(ids.prefix(300))), near: expected)
        try expect(used.scores(ids)[0..<300], near: expected)
    }

    /// More positions than one forward pass without gradients computes.
    @Test func longPromptsArePrefilledInChunks() throws {
        let tiny = try TinyModel(seed: 6)
        let model = try tiny.load()
        let input = try model.embed([tiny.ids(2100), tiny.ids(2100, seed: 10)])
        // With gradients it is one forward pass.
        let whole = try model.hiddenStates(input)
        try withoutGradients {
            try expect(model.hiddenStates(input), near: whole, tolerance: Tolerance.regrouped)
            for last in [1, 50, 1024, 1076, 1077, 2100, 5000] {
                let states = try model.hiddenStates(input, last: last)
                let start = max(0, 2100 - last)
                #expect(states.shape == [2, 2100 - start, 24])
                try expect(
                    states, near: whole.narrowed(1, start: start, length: 2100 - start), tolerance: Tolerance.regrouped)
            }
            let cache = KeyValueCache(layerCount: 2)
            _ = try model.hiddenStates(input.narrowed(1, start: 0, length: 100), cache: cache, last: 0)
            let rest = try model.hiddenStates(
                input.narrowed(1, start: 100, length: 2000), cache: cache,
                mask: .ones([2, 2100], dtype: .bool), positions: Array(repeating: Array(100..<2100), count: 2), last: 7)
            #expect(cache.count == 2100)
            try expect(rest, near: whole.narrowed(1, start: 2093, length: 7), tolerance: Tolerance.regrouped)
        }
    }

    @Test func lastStatesHaveTheGradientOfAll() throws {
        let tiny = try TinyModel()
        let model = try tiny.load()
        func gradient(_ last: Int?) throws -> Tensor {
            let input = try model.embed(tiny.ids(9)).cloned()
            try input.setRequiresGradient(true)
            let states = try model.hiddenStates(input, last: last)
            try states.narrowed(1, start: states.size(1) - 2, length: 2).sum().backward()
            return try #require(try input.gradient)
        }
        try expect(gradient(2), near: gradient(nil), tolerance: Tolerance.regrouped)
    }

    @Test func paddingIsMasked() throws {
        let tiny = try TinyModel()
        let model = try tiny.load()
        let ids = tiny.ids(5)
        let padded = [ids[0], 7, ids[1], ids[2], 7, 7, ids[3], ids[4], 7]
        let mask = [[1, 0, 1, 1, 0, 0, 1, 1, 0]]
        let scores = try withoutGradients {
            try model.logits(
                model.hiddenStates(model.embed(padded), mask: bools(mask), positions: positions(of: mask)))
        }
        try expect(kept(scores, mask), near: model.scores(ids), tolerance: Tolerance.regrouped)
    }

    @Test func queriesWithoutVisibleKeysAttendToThemselves() throws {
        let tiny = try TinyModel()
        let model = try tiny.load()
        let mask = try Tensor([true, true, true, false, false, false], shape: [2, 3])
        let scores = try withoutGradients {
            try model.logits(model.hiddenStates(model.embed([[1, 2, 3], [7, 8, 7]]), mask: mask))
        }
        for (position, id) in [7, 8, 7].enumerated() {
            try expect(scores[1][position], near: model.scores([id]), tolerance: Tolerance.regrouped)
        }
    }

    @Test func embeddingsOfAnyDTypeAreConverted() throws {
        let tiny = try TinyModel()
        let model = try tiny.load()
        let input = try model.embed(tiny.ids(4))
        let states = try withoutGradients { try model.hiddenStates(input.to(.float64)) }
        #expect(states.dtype == .float32)
        try expect(states, near: withoutGradients { try model.hiddenStates(input) }, tolerance: 1e-7)
    }

    @Test func gradientsReachTheInput() throws {
        let tiny = try TinyModel()
        let model = try tiny.load()
        let soft = try model.embed(tiny.ids(3)).cloned()
        try soft.setRequiresGradient(true)
        let targets = try Tensor(tiny.ids(3, seed: 4))
        func loss() throws -> Tensor { try model.logits(model.hiddenStates(soft))[0].crossEntropy(targets) }
        try loss().backward()
        let gradient = try #require(try soft.gradient)
        // A small step against the gradient lowers the loss by the step times the gradient's square.
        let before = try loss().item()
        let step = 1e-3
        try soft.add(gradient, scaledBy: -step)
        let expected = try step * (gradient * gradient).sum().item()
        #expect(try abs(before - loss().item() - expected) < 0.1 * expected)
    }
}

@Suite struct LlamaFaultTests {
    let tiny: TinyModel

    init() throws {
        tiny = try TinyModel(biased: true)
    }

    @Test func invalidIdsAreNamed() throws {
        let model = try tiny.load()
        for id in [40, -1, .max, .min] {
            #expect(fault(ModelError.self) { _ = try model.embed([0, id]) }.contains("token id \(id)"))
        }
    }

    @Test func inputShapesAreChecked() throws {
        let model = try tiny.load()
        for shape in [[1, 0, 24], [1, 3, 23], [3, 24], [24], [], [1, 1, 3, 24]] {
            let line = fault(ModelError.self) { _ = try model.hiddenStates(.zeros(shape)) }
            #expect(line.contains("\(shape)") && line.contains("24"))
        }
        #expect(fault(ModelError.self) { _ = try model.hiddenStates(model.embed([Int]())) }.contains("[1, 0, 24]"))
        _ = fault(TorchError.self) { _ = try model.embed([[1, 2], [3]]) }
    }

    @Test func masksAndPositionsAreChecked() throws {
        let model = try tiny.load()
        let input = try model.embed([[1, 2, 3], [4, 5, 6]])
        for shape in [[2, 2], [2, 4], [3], [2, 1, 3]] {
            let line = fault(ModelError.self) { _ = try model.hiddenStates(input, mask: .ones(shape, dtype: .bool)) }
            #expect(line.contains("\(shape)"))
        }
        _ = fault(TorchError.self) { _ = try model.hiddenStates(input, mask: .ones([3, 3], dtype: .bool)) }
        _ = fault(TorchError.self) { _ = try model.hiddenStates(input, positions: [[0, 1, 2], [0, 1]]) }
        _ = fault(TorchError.self) { _ = try model.hiddenStates(input, positions: [[0, 1], [0, 1]]) }
    }

    @Test func everyMissingTensorIsNamed() throws {
        for name in tiny.tensors.keys {
            var broken = tiny
            broken.tensors[name] = nil
            #expect(fault(CheckpointError.self) { _ = try broken.load() }.contains(name))
        }
    }

    @Test func everyWrongShapeIsNamed() throws {
        for (name, tensor) in tiny.tensors {
            var broken = tiny
            let shape = Array(tensor.shape.dropLast()) + [tensor.size(-1) + 1]
            broken.tensors[name] = try .zeros(shape)
            let line = fault(CheckpointError.self) { _ = try broken.load() }
            #expect(line.contains(name) && line.contains("\(shape)") && line.contains("\(tensor.shape)"))
        }
    }

    @Test func configurationOfAnotherModelIsRefused() throws {
        var other = tiny
        other.configuration.vocabularySize = 41
        #expect(fault(CheckpointError.self) { _ = try other.load() }.contains("[41, 24]"))
    }
}

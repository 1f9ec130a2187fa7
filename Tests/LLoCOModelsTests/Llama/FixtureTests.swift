import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

/// Decoders of every format, compared with public implementations on the same files.
@Suite struct FixtureTests {
    static let names = ["llama-rope3", "llama-linear"]

    private struct Fixture {
        let model: Llama
        let expected: Expected<LlamaValues>
        var values: LlamaValues { expected.values }

        init(_ name: String, _ dtype: DType = .float32) throws {
            let folder = TestFiles.fixtures.appending(path: name)
            model = try Llama(
                CheckpointLoader.open(folder), configuration: LlamaConfiguration(at: folder), dtype: dtype)
            expected = try Expected(name)
        }

        func softPrompt() throws -> Tensor {
            try .concatenated([expected.tensor("soft_prompt"), model.embed(values.softIds)[0].to(.float32)])
        }
    }

    @Test(arguments: names, [DType.float32, .bfloat16]) func statesAndScores(_ name: String, _ dtype: DType) throws {
        let fixture = try Fixture(name, dtype)
        let tolerance = dtype == .float32 ? Tolerance.of(dtype) : Tolerance.amplified
        let states = try withoutGradients { try fixture.model.hiddenStates(fixture.model.embed(fixture.values.ids)) }
        #expect(states.dtype == dtype)
        try expect(states[0], near: fixture.expected.tensor("states"), tolerance: tolerance)
        try expect(fixture.model.logits(states)[0], near: fixture.expected.tensor("logits"), tolerance: tolerance)
    }

    @Test(arguments: names) func softPromptsAreOrdinaryInput(_ name: String) throws {
        let fixture = try Fixture(name)
        try expect(fixture.model.scores(fixture.softPrompt()), near: fixture.expected.tensor("soft_logits"))
    }

    @Test(arguments: names) func greedyContinuation(_ name: String) throws {
        let fixture = try Fixture(name)
        let prompt = try fixture.model.embed(fixture.values.greedyPrompt)[0]
        #expect(try fixture.model.greedy(prompt, fixture.values.greedyIds.count) == fixture.values.greedyIds)
    }

    @Test(arguments: names) func piecesThroughTheCache(_ name: String) throws {
        let fixture = try Fixture(name)
        let input = try fixture.model.embed(fixture.values.cachedIds)[0]
        let scores = try fixture.model.scores(input, pieces: fixture.values.cachedPieces)
        try expect(scores, near: fixture.expected.tensor("cached_logits"))
    }

    @Test(arguments: names) func rowsPaddedOnTheRight(_ name: String) throws {
        let fixture = try Fixture(name)
        let values = fixture.values
        try batch(fixture, values.batchRightIds, values.batchRightMask, "batch_right_logits", positions: nil)
        try batch(
            fixture, values.batchRightIds, values.batchRightMask, "batch_right_logits",
            positions: positions(of: values.batchRightMask))
    }

    @Test(arguments: names) func rowsPaddedOnTheLeft(_ name: String) throws {
        let fixture = try Fixture(name)
        let values = fixture.values
        try batch(
            fixture, values.batchLeftIds, values.batchLeftMask, "batch_left_logits",
            positions: positions(of: values.batchLeftMask))
    }

    private func batch(
        _ fixture: Fixture, _ ids: [[Int]], _ mask: [[Int]], _ name: String, positions: [[Int]]?
    ) throws {
        let scores = try withoutGradients {
            try fixture.model.logits(
                fixture.model.hiddenStates(fixture.model.embed(ids), mask: bools(mask), positions: positions))
        }
        #expect(try !scores.isFinite().array(of: Bool.self).contains(false))
        try expect(kept(scores, mask), near: fixture.expected.tensor(name))
    }

    @Test(arguments: ["llama-f32", "llama-q8_0", "llama-mixed"]) func gguf(_ name: String) throws {
        let file = TestFiles.fixtures.appending(path: "gguf/\(name).gguf")
        let expected = try Expected<GGUFValues>("gguf")
        let model = try Llama(CheckpointLoader.open(file), configuration: LlamaConfiguration(at: file))
        try expect(model.scores(expected.values.ids), near: expected.tensor("\(name).logits"))
        let greedy = try #require(expected.values.greedyIds[name])
        #expect(try model.greedy(model.embed(expected.values.greedyPrompt)[0], greedy.count) == greedy)
    }
}

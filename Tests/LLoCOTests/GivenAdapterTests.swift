import Foundation
import LLoCO
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import Testing

/// Answers with an external adapter, which replaces every group's in every mode.
@Suite struct GivenAdapterTests {
    private let model: LoadedModel
    private let library: SQLiteLibrary
    private let answerer: Answerer
    private let checkpoint: AdapterCheckpoint

    init() async throws {
        model = try LoadedModel.tiny()
        library = try SQLiteLibrary.inMemory()
        answerer = Answerer(model: model, library: library)
        checkpoint = try AdapterCheckpoint.read(TestFiles.adapter, as: .float32)
        for (name, group, text) in [
            ("river", "water", "The river rose in 1897. It took the mill and the road."),
            ("letter", "paper", "The letter is short. It has a question and no answer."),
        ] { _ = try await model.add(text: text, path: "/\(name).txt", group: group, to: library) }
    }

    private func options(_ mode: AnswerMode, _ checkpoint: AdapterCheckpoint?) throws -> Answerer.Options {
        var options = Answerer.Options()
        options.mode = mode
        options.documents = ["river.txt"]
        options.adapter = try checkpoint.map { try GeneralAdapter($0, model.languageModel.decoder) }
        return options
    }

    private func likelihood(_ options: Answerer.Options) async throws -> Double {
        try await answerer.logLikelihoods(of: ["The mill."], "What did the river take?", options)[0]
    }

    @Test(arguments: AnswerMode.allCases) func everyModeUsesTheGivenAdapter(_ mode: AnswerMode) async throws {
        let plain = try await likelihood(options(mode, nil))
        let given = try await likelihood(options(mode, checkpoint))
        #expect(abs(given - plain) > 1e-3)
        // Prompts cached without the adapter are not reused with it, nor the other way round.
        #expect(try await likelihood(options(mode, nil)) == plain)
        #expect(try await likelihood(options(mode, checkpoint)) == given)
        // With another scale it is another adapter.
        var other = checkpoint
        other.configuration.isRankStabilized = true
        #expect(try await abs(likelihood(options(mode, other)) - given) > 1e-3)
        var without = try options(mode, checkpoint)
        without.usesAdapter = false
        #expect(try await likelihood(without) == plain)
    }

    @Test func theGivenAdapterReadsSeveralGroups() async throws {
        var options = try options(.compressed, nil)
        options.documents = ["river.txt", "letter.txt"]
        await #expect(throws: EngineError.self) { _ = try await likelihood(options) }
        options.adapter = try GeneralAdapter(checkpoint, model.languageModel.decoder)
        #expect(try await likelihood(options).isFinite)
    }

    @Test func theGivenAdapterReplacesTheGroups() async throws {
        let plain = try await likelihood(options(.compressed, checkpoint))
        var other = checkpoint
        other.configuration.alpha = 1
        try answerer.setAdapter(Adapter(other, for: model.languageModel.decoder), for: "water")
        #expect(try await likelihood(options(.compressed, checkpoint)) == plain)
        #expect(try await likelihood(options(.compressed, nil)) != plain)
    }
}

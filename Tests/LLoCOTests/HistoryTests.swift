import LLoCO
import LLoCOCompression
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTokenizers
import Testing

/// The turns of a conversation that are kept in the prompt.
@Suite struct HistoryTests {
    let model: LoadedModel

    init() throws { model = try LoadedModel.tiny() }

    private func turns(_ count: Int) -> [ChatMessage] {
        (0..<count).flatMap {
            [
                ChatMessage(.user, "What is item \($0) of the river?"),
                ChatMessage(.assistant, "The road of chapter \($0)."),
            ]
        }
    }

    private func positions(_ history: [ChatMessage]) throws -> Int {
        try model.prompts.prompt(question: "And then?", history: history).count
    }

    @Test func theLatestTurnsInHalfOfTheWindowAreKept() throws {
        let all = turns(40)
        #expect(try positions(all) > model.languageModel.window / 2)
        let kept = try model.recentHistory(all, before: "And then?")
        #expect(!kept.isEmpty && kept.count % 2 == 0 && kept.first?.role == .user)
        #expect(kept == Array(all.suffix(kept.count)))
        // The maximum number that fits: one more turn does not.
        #expect(try positions(kept) <= model.languageModel.window / 2)
        #expect(try positions(all.suffix(kept.count + 2)) > model.languageModel.window / 2)
    }

    @Test func shortHistoriesAreKeptAndOversizedOnesDropped() throws {
        #expect(try model.recentHistory([], before: "And then?").isEmpty)
        #expect(try model.recentHistory(turns(2), before: "And then?").count == 4)
        let long = String(repeating: "river ", count: model.languageModel.window)
        #expect(try model.recentHistory(turns(2), before: long).isEmpty)
        // A conversation that starts with half a turn does not trap.
        #expect(try model.recentHistory([ChatMessage(.assistant, long)], before: "And then?").isEmpty)
    }
}

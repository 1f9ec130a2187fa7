import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTraining
import Testing

/// Self-study through a library: the items that the tiny model writes, and training on them.
@Suite(.seeded) struct StudyingTests {
    let model: LoadedModel
    let recipe: StudyRecipe

    struct Interruption: Error {}

    init() throws {
        model = try LoadedModel.tiny()
        var recipe = StudyRecipe()
        recipe.questionsPerPassage = 3
        self.recipe = recipe
    }

    private static let texts = [
        "river": "The river rose in 1897 and took the mill.", "mill": "A miller had two sons. One went away.",
        "road": "The road goes over the hill to the sea.",
    ]

    private func library() async throws -> SQLiteLibrary {
        let library = try SQLiteLibrary.inMemory()
        for (name, text) in Self.texts.sorted(by: { $0.key < $1.key }) {
            _ = try await model.add(text: text, path: "/\(name).txt", group: "g", to: library)
        }
        return library
    }

    private func items(_ library: SQLiteLibrary, seed: UInt64 = 1) throws -> [[StudyItem]] {
        let identity = try model.studyIdentity(recipe, seed: seed)
        return try library.documents().map { try library.study(of: $0.id, by: identity).flatMap(\.items) }
    }

    @Test func anInterruptedStudyResumes() async throws {
        let whole = try await library()
        var reports: [Int] = []
        let summary = try await model.study(group: "g", recipe: recipe, seed: 1, in: whole) { done, total in
            reports.append(done)
            #expect(total == 3)
        }
        #expect(summary.passages == 3 && summary.asked == 9)
        #expect(reports == reports.sorted() && Set(reports) == [1, 2, 3])
        let expected = try items(whole)
        #expect(expected.map(\.count) == [3, 3, 3])
        #expect(summary.kept == expected.joined().count { $0.rejection == nil })
        #expect(Set(expected.joined().map(\.question)).count == 9, "seeds and texts differ")
        for stop in 1...2 {
            let library = try await library()
            await #expect(throws: Interruption.self) {
                try await model.study(group: "g", recipe: recipe, seed: 1, in: library) { done, _ in
                    if done == stop { throw Interruption() }
                }
            }
            #expect(try items(library).count { !$0.isEmpty } == stop)
            #expect(try await model.study(group: "g", recipe: recipe, seed: 1, in: library) == summary)
            #expect(try items(library) == expected)
        }
        _ = try await model.study(group: "g", recipe: recipe, seed: 2, in: whole)
        #expect(try items(whole, seed: 2) != expected && items(whole) == expected)
    }

    @Test func invalidStudiesAreRejected() async throws {
        let library = try await library()
        func study(_ group: String, _ model: LoadedModel) async throws {
            try await model.study(group: group, recipe: recipe, seed: 1, in: library)
        }
        #expect(await laterMessage { try await study("none", model) }?.contains("no group \"none\"") == true)
        let other = try LoadedModel.tiny(segmentTokens: 30)
        #expect(await laterMessage { try await study("g", other) }?.contains("add it again") == true)
        #expect(try library.studies(of: library.document(named: "mill.txt").id).isEmpty)
        for document in try await library.documents() { try library.removeDocument(document.id) }
        #expect(await laterMessage { try await study("g", model) }?.contains("group 'g' has no documents") == true)
        #expect(
            await laterMessage { _ = try await finetune(library) }?.contains("group 'g' has no documents") == true)
        // An excerpt longer than the tiny model's window is rejected with its byte range.
        _ = try await model.add(
            text: Sample.text("river", paragraphs: 3), path: "/long.txt", group: "g", to: library)
        var whole = recipe
        whole.excerptWords = 10_000
        let line = await laterMessage { try await model.study(group: "g", recipe: whole, seed: 1, in: library) }
        #expect(line?.contains("long.txt, bytes 0 to") == true, "\(line ?? "nothing")")
        #expect(line?.contains("window holds 512") == true, "\(line ?? "nothing")")
    }

    @Test func aStudyWithoutItemsIsRejected() async throws {
        let library = try await library()
        let document = try library.document(named: "mill.txt").id
        try library.saveStudy(
            [StudyItem(kind: .fact, question: "Who?", answer: "so", rejection: .ungrounded)],
            of: library.passages(of: document)[0], by: model.studyIdentity(recipe, seed: 1))
        let line = await laterMessage { _ = try await finetune(library) }
        #expect(line?.contains("0 of 1 generated questions") == true)
        let error = await #expect(throws: EngineError.self) { _ = try await finetune(library) }
        #expect(error?.hint == .showStudy)
        let (runs, made) = (try await library.trainingRuns(), try await library.adapters())
        #expect(runs.isEmpty && made.isEmpty)
    }

    // MARK: - Training

    /// A library with study items whose targets are nearly certain.
    private func studied() async throws -> SQLiteLibrary {
        let library = try await library()
        for document in try await library.documents() {
            let passage = try library.passages(of: document.id)[0]
            let items = try (0..<4).map { index in
                let answer = "the \(document.name.prefix(4)) \(index)"
                let ids = try model.prompts.answer(answer)
                let other = ids.map { Int32(($0 + 1) % 288) }
                return StudyItem(
                    kind: .fact, question: "What is item \(index)?", answer: answer,
                    rejection: index == 3 ? .duplicate : nil,
                    targets: index == 3
                        ? nil
                        : TeacherTargets(
                            answer: ids, width: 2, tokens: zip(ids, other).flatMap { [Int32($0), $1] },
                            shares: ids.flatMap { _ in [0.9, 0.1] }))
            }
            try library.saveStudy(items, of: passage, by: model.studyIdentity(recipe, seed: 1))
        }
        return library
    }

    private func finetune(
        _ library: SQLiteLibrary, stopAfter: Int = .max
    ) async throws -> (adapter: FinetunedAdapter, losses: [Double]) {
        var recipe = FinetuningRecipe()
        recipe.rank = 4
        recipe.learningRate = 2e-2
        recipe.batchSize = 3
        recipe.dropout = 0
        recipe.epochs = 8
        var losses: [Double] = []
        let adapter = try await model.finetune(
            group: "g", study: model.studyIdentity(self.recipe, seed: 1), recipe: recipe, seed: 1, in: library,
            saveEvery: 0
        ) { step, _, _ in
            losses.append(step.loss)
            if step.step > stopAfter { throw Interruption() }
        }
        return (adapter, losses)
    }

    @Test func anAdapterLearnsFromAStudy() async throws {
        let whole = try await finetune(studied())
        #expect(whole.adapter.steps == 24, "nine questions in eight epochs, grouped by document")
        let minimum = -(0.9 * log(0.9) + 0.1 * log(0.1))
        let last = whole.losses.suffix(3).reduce(0, +) / 3
        #expect(last < whole.losses[0] / 2 && last > minimum, "\(whole.losses[0]) to \(last), not below \(minimum)")
        let library = try await studied()
        await #expect(throws: Interruption.self) { _ = try await finetune(library, stopAfter: 5) }
        let rest = try await finetune(library)
        #expect(rest.losses.count == 24 - 5)
        #expect(rest.adapter.record.digest == whole.adapter.record.digest)
        #expect(try library.adapter(for: "g", identity: model.vectorIdentity)?.record == rest.adapter.record)
    }

    @Test func anotherStudyStartsAnotherRun() async throws {
        let library = try await studied()
        await #expect(throws: Interruption.self) { _ = try await finetune(library, stopAfter: 5) }
        let document = try await library.documents()[0].id
        let identity = try model.studyIdentity(recipe, seed: 1)
        let studied = try library.study(of: document, by: identity)[0]
        var items = studied.items
        let targets = try #require(items[0].targets)
        items[0] = StudyItem(
            kind: .fact, question: items[0].question, answer: items[0].answer,
            targets: TeacherTargets(
                answer: targets.answer, width: 2, tokens: targets.tokens,
                shares: targets.shares.map { $0 > 0.5 ? 0.8 : 0.2 }))
        try library.saveStudy(items, of: studied.passage, by: identity)
        #expect(try await finetune(library).losses.count == 24, "other items do not resume the run")
    }
}

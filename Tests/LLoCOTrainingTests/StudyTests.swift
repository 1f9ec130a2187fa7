import Foundation
import LLoCOLibrary
import LLoCOTestSupport
import LLoCOTraining
import Testing

/// Studies of documents: stored items, accepted questions, resumption. Writer and teacher are scripted.
@Suite struct StudyTests {
    static let identity = StudyIdentity(model: "model-1", settings: "{}")

    /// Makes questions from the excerpt and the seed.
    final class Writer: StudyWriting {
        let written = Counter()
        let failsAfter: Int

        struct Failure: Error {}

        init(failsAfter: Int = .max) { self.failsAfter = failsAfter }

        func write(about excerpt: String, opening: String, seed: UInt64) throws -> (question: String, answer: String) {
            guard written.add(1) <= failsAfter else { throw Failure() }
            let words = excerpt.split(separator: " ").filter { $0.count > 3 && $0.allSatisfy { $0.isLetter } }
            let word = words.isEmpty ? "nothing" : String(words[Int(seed % UInt64(words.count))])
            return seed % 5 == 0 ? ("\(opening) a dragon?", "no") : ("\(opening) the \(word) \(seed % 7)?", "so")
        }
    }

    /// Answers with the passage's last word that has a number.
    final class Teacher: StudyTeaching {
        private var passage = ""
        let answered = Counter()

        func prefill(_ passage: String) { self.passage = passage }

        func answer(_ question: String) -> String? {
            answered.add(1)
            if question.contains("6?") { return nil }
            return question.contains("5?")
                ? "a dragon" : passage.split { $0 == " " || $0 == "." }.last { Int($0) != nil }.map(String.init)
        }

        func targets(_ question: String, answer: String) -> TeacherTargets {
            TeacherTargets(
                answer: [answer.count, 1], width: 2, tokens: [Int32(question.count), 3, 1, 2],
                shares: [0.75, 0.25, 0.5, 0.5])
        }
    }

    let library: SQLiteLibrary
    let document: Int64

    init() throws {
        library = try SQLiteLibrary.inMemory()
        document = try library.upsertDocument(
            path: "/river.txt", group: "g", text: Sample.text("river", paragraphs: 5), tokenCount: 9
        ).document.id
    }

    private func study(
        _ writer: Writer, _ teacher: Teacher = Teacher(), questions: Int = 6, seed: UInt64 = 1,
        identity: StudyIdentity = identity
    ) -> Study {
        var recipe = StudyRecipe()
        recipe.questionsPerPassage = questions
        return Study(writer: writer, teacher: teacher, recipe: recipe, identity: identity, seed: seed)
    }

    private func items(_ library: SQLiteLibrary? = nil, _ identity: StudyIdentity = identity) throws -> [StudyItem] {
        try (library ?? self.library).study(of: document, by: identity).flatMap(\.items)
    }

    @Test func questionsAreStored() async throws {
        let (writer, teacher) = (Writer(), Teacher())
        var progress: [[Int]] = []
        try await study(writer, teacher).run(on: document, in: library) { progress.append([$0, $1]) }
        let passages = try library.passages(of: document)
        #expect(passages.count >= 3)
        #expect(progress == passages.indices.map { [$0 + 1, passages.count] })
        let studied = try library.study(of: document, by: Self.identity)
        #expect(studied.map(\.passage) == passages)
        #expect(studied.allSatisfy { $0.items.count == 6 })
        let items = studied.flatMap(\.items)
        #expect(writer.written.value == items.count)
        #expect(Set(items.map(\.kind)) == Set(StudyKind.allCases), "kinds continue over passages")
        // All outcomes occur.
        let kept = items.filter { $0.rejection == nil }
        #expect(!kept.isEmpty && kept.allSatisfy { $0.targets?.answer == [$0.answer.count, 1] && $0.answer != "so" })
        #expect(kept.allSatisfy { $0.targets?.tokens.first == Int32($0.question.count) })
        let rejected = items.filter { $0.rejection != nil }
        #expect(rejected.allSatisfy { $0.targets == nil })
        #expect(Set(rejected.compactMap(\.rejection)).isSuperset(of: [.ungrounded, .tooLong]))
        #expect(rejected.contains { $0.question.hasSuffix("a dragon?") && $0.answer == "no" }, "the writer's answer")
        #expect(rejected.contains { $0.answer == "a dragon" }, "the teacher's answer")
        let keys = kept.map { StudyFilter.key($0.question) }
        #expect(Set(keys).count == keys.count, "a document has no duplicate questions")
    }

    @Test func aFinishedStudyIsNotRepeated() async throws {
        try await study(Writer()).run(on: document, in: library)
        let before = try items()
        let writer = Writer()
        try await study(writer).run(on: document, in: library)
        #expect(writer.written.value == 0)
        #expect(try items() == before)
        // Studies with different settings are separate.
        let other = StudyIdentity(model: "model-1", settings: "{\"seed\": 2}")
        try await study(Writer(), seed: 2, identity: other).run(on: document, in: library)
        #expect(try items(nil, other) != before)
        #expect(try items() == before)
        #expect(try library.studies(of: document) == [Self.identity, other])
    }

    @Test func anInterruptedStudyResumes() async throws {
        let whole = Writer()
        try await study(whole).run(on: document, in: library)
        let expected = try items()
        for stop in [0, 5, 6, 13] {
            let library = try SQLiteLibrary.inMemory()
            _ = try await library.upsertDocument(
                path: "/river.txt", group: "g", text: Sample.text("river", paragraphs: 5), tokenCount: 9)
            await #expect(throws: Writer.Failure.self) {
                try await study(Writer(failsAfter: stop)).run(on: document, in: library)
            }
            #expect(try library.study(of: document, by: Self.identity).count == stop / 6, "whole passages are stored")
            let rest = Writer()
            try await study(rest).run(on: document, in: library)
            #expect(rest.written.value == whole.written.value - stop / 6 * 6)
            #expect(try items(library) == expected)
        }
    }

    @Test func onlyNewPassagesAreStudied() async throws {
        try await study(Writer()).run(on: document, in: library)
        let before = try library.study(of: document, by: Self.identity)
        let text = Sample.text("river", paragraphs: 5) + "\n\n" + Sample.text("mill", paragraphs: 3)
        _ = try await library.upsertDocument(path: "/river.txt", text: text, tokenCount: 12)
        let passages = try library.passages(of: document)
        let kept = zip(passages, before).prefix { $0.text == $1.passage.text }.count
        #expect(kept >= 2 && kept < passages.count)
        #expect(try library.study(of: document, by: Self.identity).map(\.items) == before.prefix(kept).map(\.items))
        let writer = Writer()
        try await study(writer).run(on: document, in: library)
        #expect(writer.written.value == (passages.count - kept) * 6)
        let after = try library.study(of: document, by: Self.identity)
        #expect(after.count == passages.count && after.prefix(kept).map(\.items) == before.prefix(kept).map(\.items))
        // A passage that moves in the text keeps its questions.
        let moved = "A first paragraph.\n\n" + text
        _ = try await library.upsertDocument(path: "/river.txt", text: moved, tokenCount: 13)
        let found = try library.study(of: document, by: Self.identity)
        let texts = Set(try library.passages(of: document).map(\.text))
        let remaining = after.filter { texts.contains($0.passage.text) }
        try #require(!remaining.isEmpty)
        #expect(found.map(\.items) == remaining.map(\.items))
        #expect(
            found.allSatisfy { moved.utf8.dropFirst($0.passage.bytes.lowerBound).starts(with: $0.passage.text.utf8) })
    }

    @Test func aRepeatedPassageIsStudiedOnce() async throws {
        let paragraph = Sample.text("river", paragraphs: 1)
        let text = [String](repeating: paragraph, count: 4).joined(separator: "\n\n")
        let twice = try await library.upsertDocument(path: "/twice.txt", group: "g", text: text, tokenCount: 9).document
            .id
        let passages = try library.passages(of: twice)
        try #require(Set(passages.map(\.text)).count < passages.count)
        let writer = Writer()
        try await study(writer).run(on: twice, in: library)
        #expect(writer.written.value == Set(passages.map(\.text)).count * 6)
        #expect(try library.study(of: twice, by: Self.identity).count == Set(passages.map(\.text)).count)
    }
}

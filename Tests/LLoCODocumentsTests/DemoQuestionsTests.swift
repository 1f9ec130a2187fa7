import Foundation
import LLoCODocuments
import LLoCOTestSupport
import Testing

/// The demo's question files and the licence texts of the system.
@Suite struct DemoQuestionsTests {
    private static let folder = packageRoot.appending(path: "Demo")
    private static let licences = URL(fileURLWithPath: "/usr/share/common-licenses")

    private let training: QuestionSet
    private let heldBack: QuestionSet

    init() throws {
        func read(_ name: String) throws -> QuestionSet {
            try QuestionSet(contentsOf: Self.folder.appending(path: name), text: .optional)
        }
        training = try read("questions-train.jsonl")
        heldBack = try read("questions-held-back.jsonl")
    }

    /// Both files ask about the same documents but share no questions or answers.
    @Test func heldBackQuestionsDiffer() throws {
        #expect(training.documents.map(\.title) == heldBack.documents.map(\.title))
        #expect(training.documents.count >= 4)
        for (trained, held) in zip(training.documents, heldBack.documents) {
            #expect(trained.questions.count >= 16 && held.questions.count >= 6)
            #expect(Set(trained.questions.map(\.id)).isDisjoint(with: held.questions.map(\.id)))
            #expect(Set(trained.questions.map(\.text)).isDisjoint(with: held.questions.map(\.text)))
            let answers = Set(trained.questions.flatMap(\.answers).map(Self.words))
            #expect(answers.isDisjoint(with: held.questions.flatMap(\.answers).map(Self.words)))
        }
    }

    @Test func answersAreShort() {
        for question in (training.documents + heldBack.documents).flatMap(\.questions) {
            #expect(question.answers.allSatisfy { (1...12).contains($0.split(separator: " ").count) }, "\(question.id)")
        }
    }

    /// The text contains the words of every answer.
    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: licences.appending(path: "GPL-3").path),
            "no licence texts in /usr/share/common-licenses, where Debian and Ubuntu have them"))
    func answersAreInTheText() throws {
        for document in training.documents + heldBack.documents {
            let url = Self.licences.appending(path: document.title)
            let words = Set(Self.words(try String(contentsOf: url, encoding: .utf8)))
            for question in document.questions where !["Yes", "No"].contains(question.answers[0]) {
                // "Section 3" is a numbered heading in a text that may not contain "section".
                let answer = Self.words(question.answers[0]).filter { $0 != "section" }
                #expect(!answer.isEmpty && answer.allSatisfy(words.contains), "\(question.id): \(answer)")
            }
        }
    }

    /// Runs of letters and digits, lower-cased.
    private static func words(_ text: String) -> [Substring] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }
    }
}

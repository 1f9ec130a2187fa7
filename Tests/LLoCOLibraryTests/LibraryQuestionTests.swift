import Foundation
import LLoCOBase
import LLoCODocuments
import LLoCOLibrary
import Testing

/// Matching an entry of a question set to a stored document.
@Suite struct LibraryQuestionTests {
    let library: SQLiteLibrary

    init() throws {
        library = try SQLiteLibrary.inMemory()
        for (name, group, text) in [
            ("one", "other", "same text"), ("two", "mine", "its own text"), ("three", "mine", "same text"),
            ("four", "mine", "same text"), ("five", "other", "another text"), ("caf\u{E9}", "mine", "coffee"),
            ("th\u{E9}", "other", "tea"), ("the\u{301}", "mine", "green tea"),
        ] { _ = try library.upsertDocument(path: "/\(name)", name: name, group: group, text: text, tokenCount: 1) }
    }

    private func entry(_ id: String, _ title: String, _ text: String? = nil) -> QuestionDocument {
        QuestionDocument(id: id, title: title, document: text, questions: [])
    }

    private func name(_ entry: QuestionDocument, in group: String = "mine") throws -> String {
        try library.document(for: entry, in: group).name
    }

    @Test func textIsMatchedFirstThenTitleThenId() throws {
        #expect(try name(entry("five", "two", "its own text")) == "two")
        #expect(try name(entry("five", "three", "its own text")) == "two", "the text before the title")
        #expect(try name(entry("five", "one", "unknown text")) == "one", "the title before the id")
        #expect(try name(entry("five", "one")) == "one")
        #expect(try name(entry("five", "unknown")) == "five")
        #expect(try name(entry("five", "unknown", "unknown text")) == "five")
        let error = try #require(throws: LibraryError.self) { try name(entry("unknown", "the title", "unknown text")) }
        #expect("\(error)".contains("'the title'") && error.hint == .addDocuments(group: "mine"))
        #expect(throws: LibraryError.self) { try name(entry("", "")) }
    }

    @Test func documentsOfTheGroupAreMatchedFirst() throws {
        #expect(try name(entry("", "", "same text")) == "three", "the earlier one of the group")
        #expect(try name(entry("", "", "same text"), in: "other") == "one")
        #expect(try name(entry("", "", "same text"), in: "unknown") == "one", "else the earliest")
        #expect(try name(entry("", "one", "another text")) == "five", "the text, even of another group")
    }

    @Test func namesMatchInAnyNormalizationForm() throws {
        #expect(try name(entry("", "cafe\u{301}")) == "caf\u{E9}")
        #expect(try name(entry("cafe\u{301}", "unknown")) == "caf\u{E9}")
        #expect(Array(try name(entry("", "th\u{E9}")).utf8) == Array("the\u{301}".utf8))
        #expect(Array(try name(entry("", "the\u{301}"), in: "other").utf8) == Array("th\u{E9}".utf8))
    }

    /// Compares the match with a linear search over all documents.
    @Test func theMatchEqualsThatOfAnExhaustiveSearch() throws {
        let documents = try library.documents()
        let texts = ["same text", "its own text", "another text", "coffee", "unknown", nil]
        let names = documents.map(\.name) + ["unknown", ""]
        for group in ["mine", "other", "unknown"] {
            let candidates = documents.filter { $0.group == group } + documents
            for text in texts {
                for title in names {
                    for id in names {
                        let digest = text.map { Digest.sha256($0) }
                        let expected =
                            candidates.first { $0.digest == digest } ?? candidates.first { $0.name == title }
                            ?? candidates.first { $0.name == id }
                        let found = try? library.document(for: entry(id, title, text), in: group)
                        #expect(found == expected)
                    }
                }
            }
        }
    }
}

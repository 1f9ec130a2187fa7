import Foundation
import LLoCOBase
import LLoCOLibrary
import LLoCOTestSupport
import Testing

@Suite struct LibraryTests {
    @Test func everythingIsReadFromTheFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        #expect(try folder.contents() == ["a.lloco"], "neither lock nor journal remains")

        let library = try SQLiteLibrary.open(path, for: .reading)
        let documents = try library.documents()
        #expect(documents.map(\.name) == ["harbour.txt", "glacier.txt", "lighthouse.txt"])
        #expect(try library.documents(in: .group("sea")).map(\.name) == ["harbour.txt", "lighthouse.txt"])
        #expect(try library.groups() == ["sea", "ice"])
        let glacier = try library.document(named: "glacier.txt")
        let text = Sample.text("glacier")
        #expect(try library.text(of: glacier.id) == text)
        #expect(glacier.digest == Digest.sha256(text))
        #expect(glacier.byteCount == text.utf8.count)
        #expect(glacier.isComplete)
        #expect(glacier.path == "/texts/glacier.txt")
        let vectors = try library.vectors(of: glacier.id, identity: Sample.identity)
        #expect(vectors.count == 6)
        #expect(vectors.dimension == 3)
        #expect(vectors.bytes == (0..<3).reduce(into: Data()) { $0 += Sample.segment($1).vectors })
        let adapter = try #require(try library.adapter(for: "sea", identity: Sample.identity))
        #expect(adapter.weights == Data(repeating: 9, count: 20_000))
        #expect(adapter.record.config == "{\"r\": 8}")
        #expect(try library.adapter(for: "ice", identity: Sample.identity) == nil)
        let statistics = try library.statistics()
        #expect(statistics.documents == 3)
        #expect(statistics.vectors == 18)
        #expect(statistics.tokens == 36)
        #expect(statistics.embeddedPassages == statistics.passages)
        #expect(try library.verify() == [])
    }

    @Test func passagesAreRangesOfTheText() throws {
        let library = try SQLiteLibrary.inMemory()
        let text = "Größe über alles.\n\n" + Sample.text("naïve café", paragraphs: 9) + " 終わり。"
        let document = try library.upsertDocument(path: "x.txt", text: text, tokenCount: 1).document
        let passages = try library.passages(of: document.id)
        #expect(passages.count > 3)
        let bytes = Array(text.utf8)
        for (position, passage) in passages.enumerated() {
            #expect(passage.position == position)
            #expect(Array(passage.text.utf8) == Array(bytes[passage.bytes]))
        }
    }

    @Test func addingAgainChangesNothing() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        let text = Sample.text("harbour")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            let embedder = WordCountEmbedder(dimension: 24)
            let again = try await library.upsertDocument(
                path: "/texts/../texts/harbour.txt", group: "sea", text: text, tokenCount: 12)
            #expect(again.change == .unchanged)
            let same = try await library.upsertDocument(path: "/texts/harbour.txt", text: text, tokenCount: 12)
            #expect(same.change == .unchanged)
            #expect(same.movedFrom == nil)
            #expect(try await library.embedPassages(of: same.document.id, with: embedder) == 0)
            #expect(embedder.seen.value == 0)
        }
        let library = try SQLiteLibrary.open(path, for: .reading)
        #expect(try await library.documents().count == 3)
        #expect(try library.document(named: "harbour.txt").isComplete)
        // Only the path as given changed, twice, back to the original.
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == before.count)
    }

    @Test func anUnchangedAddDoesNotTouchTheFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            let add = try library.upsertDocument(
                path: "/texts/harbour.txt", group: "sea", text: Sample.text("harbour"), tokenCount: 12)
            #expect(add.change == .unchanged)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func aGrownDocumentEmbedsOnlyItsTail() async throws {
        let library = try SQLiteLibrary.inMemory()
        let embedder = WordCountEmbedder()
        let text = Sample.text("harbour", paragraphs: 20)
        let id = try await library.upsertDocument(path: "x.txt", text: text, tokenCount: 8).document.id
        let first = try await library.embedPassages(of: id, with: embedder)
        let before = try library.passages(of: id)
        #expect(first == before.count)
        for index in 0..<2 { try library.appendSegment(Sample.segment(index), to: id, identity: Sample.identity) }
        try library.markComplete(id, identity: Sample.identity)

        let grown = text + "\n\n" + Sample.text("glacier", paragraphs: 6)
        let change = try await library.upsertDocument(path: "x.txt", text: grown, tokenCount: 12)
        #expect(change.change == .changed)
        #expect(change.document.id == id)
        #expect(!change.document.isComplete, "its last token has no vectors yet")
        let after = try library.passages(of: id)
        #expect(after.dropLast(after.count - before.count + 1).map(\.id) == before.dropLast().map(\.id))
        let second = try await library.embedPassages(of: id, with: embedder)
        #expect(second == after.count - before.count + 1 || second == after.count - before.count)
        #expect(second < after.count / 2)

        #expect(throws: LibraryError.self) { try library.vectors(of: id, identity: Sample.identity) }
        #expect(try library.segments(of: id, identity: Sample.identity).count == 2)
        try library.appendSegment(Sample.segment(2), to: id, identity: Sample.identity)
        try library.markComplete(id, identity: Sample.identity)
        #expect(try await library.vectors(of: id, identity: Sample.identity).count == 6)
    }

    @Test func aMovedParagraphKeepsItsEmbedding() async throws {
        let library = try SQLiteLibrary.inMemory()
        let embedder = WordCountEmbedder()
        let paragraphs = (0..<6).map { topic in
            (0..<25).map { "Sentence \($0) tells of subject \(topic)." }.joined(separator: " ")
        }
        let text = paragraphs.joined(separator: "\n\n")
        let id = try await library.upsertDocument(path: "x.txt", text: text, tokenCount: 1).document.id
        try await library.embedPassages(of: id, with: embedder)
        let inserted = "A new beginning.\n\n" + paragraphs.reversed().joined(separator: "\n\n")
        try await library.upsertDocument(path: "x.txt", text: inserted, tokenCount: 1).expectChange(.changed)
        let again = try await library.embedPassages(of: id, with: embedder)
        #expect(again < paragraphs.count, "at least one paragraph was found again by its text")
        let passages = try library.passages(of: id)
        let matrix = try library.embeddings(in: .document(id), embedder: embedder.identity)
        #expect(matrix.passages == passages.map(\.id))
        let expected = try WordCountEmbedder().embed(passages.map(\.text)).flatMap { $0 }
        #expect(matrix.values == expected, "no passage carries another's embedding")
    }

    @Test func namesAreUniqueAndReadable() throws {
        let library = try SQLiteLibrary.inMemory()
        func add(_ path: String) throws -> String {
            try library.upsertDocument(path: path, text: "text of \(path)", tokenCount: 1).document.name
        }
        #expect(try add("/a/x/notes.md") == "notes.md")
        #expect(try add("/b/x/notes.md") == "x/notes.md")
        #expect(try add("/c/x/notes.md") == "c/x/notes.md")
        #expect(try library.document(named: "x/notes.md").path == "/b/x/notes.md")
        #expect(try library.document(named: "/c/x/notes.md").name == "c/x/notes.md")
        let error = try #require(throws: LibraryError.self) { try library.document(named: "other") }
        #expect(error.code == .notFound)
        #expect(error.description.contains("\"other\"") && error.description.contains("\"notes.md\""))
        #expect(throws: LibraryError.self) {
            try library.upsertDocument(path: "/d", name: "notes.md", text: "x", tokenCount: 1)
        }
        #expect(try library.documents().count == 3)
    }

    @Test func addingToAnotherGroupMovesTheDocument() throws {
        let library = try SQLiteLibrary.inMemory()
        try Sample.fill(library)
        let moved = try library.upsertDocument(
            path: "/texts/harbour.txt", group: "ice", text: Sample.text("harbour"), tokenCount: 12)
        #expect(moved.movedFrom == "sea")
        #expect(moved.change == .unchanged)
        #expect(moved.document.isComplete, "vectors do not depend on the group")
        #expect(try library.documents(in: .group("sea")).map(\.name) == ["lighthouse.txt"])
        #expect(try library.documents(in: .group("ice")).count == 2)
    }

    @Test func removalDeletesEverythingOfADocument() async throws {
        let library = try SQLiteLibrary.inMemory()
        try Sample.fill(library)
        let retriever = Retriever(library: library, embedder: nil)
        #expect(try await retriever.search("glacier").passages.isEmpty == false)
        try library.removeDocument(try library.document(named: "glacier.txt").id)
        #expect(try await retriever.search("glacier").passages == [])
        #expect(try library.statistics().vectors == 12)
        #expect(try library.groups().contains("ice"))
        try library.removeGroup("sea")
        let statistics = try library.statistics()
        #expect(statistics.documents == 0)
        #expect(statistics.passages == 0)
        #expect(statistics.segments == 0)
        #expect(statistics.adapters == 0)
        #expect(try library.verify() == [])
        #expect(throws: LibraryError.self) { try library.removeGroup("sea") }
        #expect(throws: LibraryError.self) { try library.removeDocument(99) }
    }
}

extension DocumentUpsert {
    func expectChange(_ expected: Change, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(change == expected, sourceLocation: sourceLocation)
    }
}

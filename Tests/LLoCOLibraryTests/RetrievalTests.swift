import Foundation
import LLoCOBase
import LLoCOLibrary
import LLoCOTestSupport
import Testing

@Suite struct RetrievalTests {
    func library(_ embedder: WordCountEmbedder) async throws -> SQLiteLibrary {
        let library = try SQLiteLibrary.inMemory()
        for (path, group, text) in [
            ("cats", "animals", "Cats sleep all day and hunt mice at night.\n\n" + Sample.text("cat", paragraphs: 8)),
            ("dogs", "animals", "Dogs guard the house and chase the postman.\n\n" + Sample.text("dog", paragraphs: 8)),
            ("ships", "things", "Ships carry containers across the ocean.\n\n" + Sample.text("ship", paragraphs: 8)),
        ] {
            let id = try await library.upsertDocument(path: path, group: group, text: text, tokenCount: 1).document.id
            try await library.embedPassages(of: id, with: embedder)
        }
        return library
    }

    @Test(arguments: Retriever.Method.allCases)
    func theRelevantDocumentRanksFirst(method: Retriever.Method) async throws {
        let embedder = WordCountEmbedder(dimension: 512)
        let retriever = Retriever(library: try await library(embedder), embedder: embedder)
        let result = try await retriever.search("Which animal hunts mice at night?", method: method)
        #expect(result.documents.first?.name == "cats")
        let best = try #require(result.passages.first)
        #expect(best.documentName == "cats")
        #expect(best.text.contains("hunt mice"))
        #expect(best.end - best.start == best.text.utf8.count)
        #expect(best.start == 0)
        #expect(result.unembedded == 0)
        #expect(result.passages.count <= 8)
        #expect(result.passages.map(\.score) == result.passages.map(\.score).sorted(by: >))
        #expect(try await retriever.search("Which animal hunts mice at night?", method: method) == result)
    }

    @Test func searchesStayInTheirScope() async throws {
        let embedder = WordCountEmbedder(dimension: 512)
        let library = try await library(embedder)
        let retriever = Retriever(library: library, embedder: embedder)
        let question = "Which animal hunts mice at night?"
        let things = try await retriever.search(question, in: .group("things"), limit: 100)
        #expect(Set(things.passages.map(\.documentName)) == ["ships"])
        let dogs = try library.document(named: "dogs").id
        let one = try await retriever.search(question, in: .document(dogs), limit: 100)
        #expect(Set(one.documents.map(\.id)) == [dogs])
        #expect(try await retriever.search(question, in: .group("animals")).documents.first?.name == "cats")
        await #expect(throws: LibraryError.self) { try await retriever.search(question, in: .group("none")) }
        await #expect(throws: LibraryError.self) { try await retriever.search(question, in: .document(999)) }
        #expect(try await retriever.search(question, limit: 0).passages == [])
        #expect(try await retriever.search(question, limit: -5).passages == [])
    }

    /// Documents that are searched together are ranked as in a library without other documents.
    @Test(arguments: Retriever.Method.allCases)
    func severalDocumentsAreRankedTogether(method: Retriever.Method) async throws {
        let embedder = WordCountEmbedder(dimension: 512)
        let library = try await library(embedder)
        let chosen = Set(try ["dogs", "ships"].map { try library.document(named: $0).id })
        let question = "Who guards containers in the house at night?"
        let found = try await Retriever(library: library, embedder: embedder)
            .search(question, in: .documents(chosen), limit: 100, method: method)
        try library.removeDocument(library.document(named: "cats").id)
        let alone = try await Retriever(library: library, embedder: embedder).search(
            question, limit: 100, method: method)
        #expect(Set(found.documents.map(\.name)) == ["dogs", "ships"])
        if method == .dense {
            #expect(found == alone)
        } else {
            // BM25 counts words in the whole library, so only the set of passages is the same.
            #expect(Set(found.passages.map(\.id)) == Set(alone.passages.map(\.id)))
        }
        await #expect(throws: LibraryError.self) {
            try await Retriever(library: library, embedder: embedder).search(
                question, in: .documents(chosen.union([999])))
        }
        #expect(
            try await Retriever(library: library, embedder: embedder).search(question, in: .documents([])).passages
                == [])
    }

    @Test func changesAreVisibleAtOnce() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        let embedder = WordCountEmbedder(dimension: 512)
        let writer = try SQLiteLibrary.open(path, for: .writing)
        func add(_ name: String, _ text: String, group: String = "g") async throws -> Int64 {
            let id = try await writer.upsertDocument(path: name, group: group, text: text, tokenCount: 1).document.id
            try await writer.embedPassages(of: id, with: embedder)
            return id
        }
        _ = try await add("one", "the quick brown fox")
        // A second connection, like that of another process.
        let retriever = Retriever(library: try SQLiteLibrary.open(path, for: .reading), embedder: embedder)
        #expect(try await retriever.search("lazy dog", method: .dense).passages.first?.documentName == "one")
        let second = try await add("two", "the lazy dog")
        #expect(try await retriever.search("lazy dog", method: .dense).passages.first?.documentName == "two")
        _ = try await add("two", "something else entirely")
        #expect(
            try await retriever.search("something", method: .dense).passages.first?.text == "something else entirely")
        _ = try await add("two", "something else entirely", group: "h")
        #expect(try await retriever.search("something", in: .group("g"), limit: 9).documents.map(\.name) == ["one"])
        try writer.removeDocument(second)
        for method in Retriever.Method.allCases {
            #expect(
                !(try await retriever.search("something else", method: method).documents.contains { $0.id == second }))
        }
        // A later group of the same name is another group.
        try writer.removeGroup("g")
        _ = try await add("three", "new content", group: "g")
        let found = try await retriever.search("the quick brown fox new", in: .group("g"), limit: 9)
        #expect(found.documents.map(\.name) == ["three"])
    }

    @Test func trainingDoesNotChangeResults() async throws {
        let embedder = WordCountEmbedder(dimension: 512)
        let library = try await library(embedder)
        let retriever = Retriever(library: library, embedder: embedder)
        let first = try await retriever.search("cats", method: .dense)
        // An adapter does not change the passages, so the result stays the same.
        try await library.saveAdapter(
            for: "animals", identity: .init(model: "m", compressor: "c", variant: "v"), config: "", weights: Data([1]))
        #expect(try await retriever.search("cats", method: .dense) == first)
    }

    @Test func passagesWithoutEmbeddingAreCountedAndFoundByWords() async throws {
        let embedder = WordCountEmbedder(dimension: 512)
        let library = try await library(embedder)
        _ = try await library.upsertDocument(path: "late", text: "An unembedded zebra.", tokenCount: 1)
        let result = try await Retriever(library: library, embedder: embedder).search("zebra")
        #expect(result.unembedded == 1)
        #expect(result.passages.prefix(2).contains { $0.documentName == "late" }, "first by words, absent by vectors")
        let words = try await Retriever(library: library, embedder: nil).search("zebras")
        #expect(words.passages.map(\.documentName) == ["late"], "the index stems words")
        let other = try await Retriever(library: library, embedder: WordCountEmbedder(identity: "other")).search("cats")
        #expect(other.unembedded == (try library.statistics().passages))
    }

    @Test func anEmbedderOfAnotherDimensionIsRejected() async throws {
        let library = try await library(WordCountEmbedder(dimension: 512))
        let retriever = Retriever(library: library, embedder: WordCountEmbedder(dimension: 256))
        let error = try await #require(throws: LibraryError.self) { try await retriever.search("cats") }
        #expect(error.code == .invalid)
    }

    @Test func diacriticsAndCaseDoNotMatter() async throws {
        let library = try SQLiteLibrary.inMemory()
        _ = try await library.upsertDocument(path: "x", text: "Die GRÖSSE des Cafés", tokenCount: 1)
        let retriever = Retriever(library: library, embedder: nil)
        for question in ["cafes", "CAFÉ", "cafe\u{301}", "grösse", "Große? nein, GRÖSSE!"] {
            #expect(try await retriever.search(question).passages.count == 1, "\(question)")
        }
    }

    /// No question causes a syntax error in the full-text search.
    @Test func anyQuestionIsAValidQuery() async throws {
        let library = try SQLiteLibrary.inMemory()
        _ = try await library.upsertDocument(path: "x", text: Sample.text("near or not and column"), tokenCount: 1)
        let retriever = Retriever(library: library, embedder: nil)
        var generator = SplitMix64(seed: 17)
        let parts = [
            "\"", "'", "*", "^", ":", "(", ")", "-", "+", "{", "}", "NEAR", "AND", "OR", "NOT", "NEAR(", "text:", "\0",
            "\u{FFFD}",
            "\\", ";", "--", "%", "_", "🙂", "é", "中文", "\n", " ", "the", "a", "item", "\u{301}", "²", "Ⅷ", "\u{E000}",
            "ß", "İ",
        ]
        for _ in 0..<1500 {
            let question = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                parts.randomElement(using: &generator)!
            }.joined(separator: Bool.random(using: &generator) ? " " : "")
            _ = try await retriever.search(question)
        }
        for _ in 0..<500 {
            var question = ""
            for _ in 0..<8 {
                if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x2FFFF, using: &generator)) {
                    question.unicodeScalars.append(scalar)
                }
            }
            _ = try await retriever.search(question)
        }
        #expect(try await retriever.search(String(repeating: "item \"NEAR( ", count: 20_000)).passages.isEmpty == false)
        #expect(try await retriever.search("what is the of").passages.isEmpty == false, "stop words alone are used")
        #expect(try await retriever.search("").passages == [])
        #expect(try await retriever.search("?!").passages == [])
    }
}

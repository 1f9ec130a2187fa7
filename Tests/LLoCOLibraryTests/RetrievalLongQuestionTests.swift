import Foundation
import LLoCOLibrary
import LLoCOTestSupport
import Testing

/// Questions of any length are searched in bounded time, and truncation is reported.
@Suite struct RetrievalLongQuestionTests {
    private func library() async throws -> SQLiteLibrary {
        let library = try SQLiteLibrary.inMemory()
        for topic in ["cat", "dog"] {
            let text = Sample.text(topic, paragraphs: 200) + "\n\n" + String(repeating: "a\u{903}", count: 20_000)
            let id = try await library.upsertDocument(path: topic, text: text, tokenCount: 1).document.id
            try await library.embedPassages(of: id, with: WordCountEmbedder(dimension: 64))
        }
        return library
    }

    /// Parts that are repeated to about a megabyte each.
    private static let hostile: [(name: String, part: String, isTruncated: Bool)] = [
        ("one word", "a", true), ("one word again and again", "cat ", false), ("operators", "\"NEAR( ", false),
        ("marks alone", "\u{301}", false), ("marks to be put in order", "a\u{301}\u{323}", true),
        ("a word that the index takes for many", "a\u{903}", true), ("ideographs", "中文", true), ("blanks", " ", false),
        ("one sign", "👨‍👩‍👧", false), ("NULs", "\0", false), ("a stop word", "the ", false),
    ]

    @Test(.timeLimit(.minutes(5)), arguments: hostile) func aQuestionOfAMegabyteIsSearched(
        name: String, part: String, isTruncated: Bool
    ) async throws {
        let library = try await library()
        let retriever = Retriever(library: library, embedder: WordCountEmbedder(dimension: 64))
        for first in ["", "cat ", "x"] {
            let question = first + String(repeating: part, count: (1 << 20) / part.utf8.count)
            let clock = ContinuousClock()
            var result: RetrievalResult?
            let time = try await clock.measure { result = try await retriever.search(question) }
            // Marks belong to the word of the letter before them.
            #expect(result?.isTruncated == (isTruncated || (name == "marks alone" && first == "x")))
            #expect(time < .seconds(20), "\(name)")
            if ProcessInfo.processInfo.environment["LLOCO_MEASURE"] != nil { print("\(name), \"\(first)\": \(time)") }
        }
    }

    @Test func manyDistinctWordsAreTruncated() async throws {
        let retriever = Retriever(library: try await library(), embedder: nil)
        let question = (0..<150_000).map { "word\($0)" }.joined(separator: " ")
        #expect(try await retriever.search("cat " + question).isTruncated)
        #expect(try await retriever.search("cat " + question).passages.first?.documentName == "cat")
    }

    @Test func truncationIsReported() async throws {
        let embedder = WordCountEmbedder(dimension: 64)
        let retriever = Retriever(library: try await library(), embedder: embedder)
        func words(_ count: Int) -> String { (0..<count).map { "w\($0)" }.joined(separator: " ") }
        #expect(try await !retriever.search(words(64)).isTruncated)
        #expect(try await retriever.search(words(65)).isTruncated)
        #expect(try await !retriever.search(words(65), method: .dense).isTruncated, "the embedder reads them all")
        func long(_ length: Int, _ count: Int) -> String {
            (0..<count).map { "\($0)" + String(repeating: "x", count: length - "\($0)".count) }.joined(separator: " ")
        }
        #expect(try await !retriever.search(long(16, 64)).isTruncated)
        #expect(try await retriever.search(long(16, 63) + " " + long(17, 1)).isTruncated)
        #expect(try await retriever.search(long(1025, 1) + " cat").passages.first?.documentName == "cat")
        #expect(try await retriever.search(long(1025, 1) + " cat").isTruncated)
        let short = Retriever(library: try await library(), embedder: ShortEmbedder())
        #expect(try await !short.search("cat dog", method: .dense).isTruncated)
        #expect(try await short.search("cat dog mouse", method: .dense).isTruncated)
        #expect(try await !short.search("cat dog mouse", method: .keyword).isTruncated)
    }
}

/// An encoder that truncates after two words.
private struct ShortEmbedder: TextEmbedder {
    let identity = "short"
    let dimension = 8

    func embed(_ texts: [String]) throws -> [[Float]] { texts.map { _ in [1, 0, 0, 0, 0, 0, 0, 0] } }

    func omittedTokens(of text: String) -> Int { max(0, text.split(separator: " ").count - 2) }
}

import LLoCOBase
import LLoCODocuments
import LLoCOLibrary
import Testing

@Suite struct RetrievalRankingTests {
    /// The ranking with cached lengths equals SQLite's to the last bit, also after the library has changed.
    @Test func keywordsAreRankedAsSQLiteDoes() throws {
        let library = try SQLiteLibrary.inMemory()
        var generator = SplitMix64(seed: 5)
        let words = (0..<200).map { "word\($0)" }
        func text(_ count: Int) -> String {
            (0..<count).map { _ in words[min(199, Int.random(in: 0..<400, using: &generator))] }.joined(separator: " ")
        }
        func compare(_ query: String) throws {
            let own = try library.ranking(of: query, bySQLite: false)
            let other = try library.ranking(of: query, bySQLite: true)
            #expect(own.map(\.passage) == other.map(\.passage) && own.map(\.score) == other.map(\.score), "\(query)")
        }
        let queries = [
            "\"word3\"", "\"word3\" OR \"word199\" OR \"word20\"", "\"absent\"", "\"absent\" OR \"word7\"",
            "\"word3 word4\" OR \"word199\"",
        ]
        for round in 0..<3 {
            for number in 0..<8 {
                // Passages of one word to hundreds, so that some lengths need two bytes.
                _ = try library.upsertDocument(
                    path: "\(round)-\(number)", text: text([1, 30, 900, 3000][number % 4]), tokenCount: 1,
                    splitter: PassageSplitter(maximumWords: 400, maximumPieces: .max))
            }
            for query in queries { try compare(query) }
        }
        #expect(try library.ranking(of: queries[1], bySQLite: false).count > 20)
        let first = try #require(try library.documents().first)
        try library.removeDocument(first.id)
        for query in queries { try compare(query) }
    }
}

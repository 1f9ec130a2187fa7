import Foundation
import LLoCOBase
import LLoCOLibrary
import Testing

/// Searches over several documents, compared with an independent ranking.
@Suite struct RetrievalScopeTests {
    /// Words that stemming does not change, for three documents of 80 passages each.
    private static let vocabulary = ["fox", "dog", "cat", "owl", "elm", "oak", "lark", "wolf", "rain", "wind"]
    private let library: SQLiteLibrary
    private let embedder = ScatteringEmbedder()
    private let documents: [Int64]

    init() async throws {
        library = try SQLiteLibrary.inMemory()
        var generator = SplitMix64(seed: 11)
        var documents: [Int64] = []
        for name in ["a", "b", "c"] {
            var text = ""
            var passages: [Range<Int>] = []
            for _ in 0..<80 {
                let words = (0..<Int.random(in: 3...12, using: &generator)).map { _ in
                    Self.vocabulary[Int.random(in: 0..<Self.vocabulary.count, using: &generator)]
                }
                let start = text.utf8.count
                text += words.joined(separator: " ")
                passages.append(start..<text.utf8.count)
                text += "\n"
            }
            let id = try await library.upsertDocument(path: name, text: text, tokenCount: 1).document.id
            try library.setPassages(of: id, passages)
            try await library.embedPassages(of: id, with: embedder)
            documents.append(id)
        }
        self.documents = documents
    }

    @Test(arguments: [[0, 1], [0, 2], [1, 2], [0, 1, 2], [1]]) func documentsAreRankedTogether(chosen: [Int])
        async throws
    {
        let scope = LibraryScope.documents(Set(chosen.map { documents[$0] }))
        let retriever = Retriever(library: library, embedder: embedder)
        for question in ["fox owl elm", "oak", "which wolf and which lark"] {
            for (limit, depth) in [(8, 100), (40, 160)] {
                let expected = try reference(question, chosen.map { documents[$0] }, depth: depth)
                let found = try await retriever.search(question, in: scope, limit: limit)
                #expect(found.passages.map(\.id) == Array(expected.map(\.key).prefix(limit)))
                for (passage, expected) in zip(found.passages, expected) {
                    #expect(abs(passage.score - expected.score) < 1e-12)
                }
                #expect(Set(found.documents.map(\.id)) == Set(chosen.map { documents[$0] }))
            }
        }
    }

    @Test func scopesSelectDocuments() async throws {
        let retriever = Retriever(library: library, embedder: embedder)
        #expect(LibraryScope.document(documents[0]) == .documents([documents[0]]))
        #expect(try await retriever.search("fox", in: .documents([])).passages == [])
        #expect(try library.documents(in: .documents([documents[2], documents[0]])).map(\.name) == ["a", "c"])
        let error = try await #require(throws: LibraryError.self) {
            try await retriever.search("fox", in: .documents([documents[1], 999]))
        }
        #expect(error.code == .notFound && error.description.contains("999"))
        // More keys than the maximum number of arguments of a statement.
        let many = Set(documents + Array(1000..<101_000))
        #expect(throws: LibraryError.self) { try library.documents(in: .documents(many)) }
    }

    /// Reciprocal rank fusion of a dense and a BM25 ranking, each computed over all passages of the documents.
    private func reference(
        _ question: String, _ documents: [Int64], depth: Int
    ) throws -> [(key: Int64, score: Double)] {
        let all = try self.documents.flatMap { try library.passages(of: $0) }
        let passages = all.filter { documents.contains($0.document) }
        let query = try embedder.embed([question])[0].map(Double.init)
        let dense = try passages.map { passage in
            let row = try embedder.embed([passage.text])[0].map(Double.init)
            return (key: passage.id, score: zip(row, query).reduce(0) { $0 + $1.0 * $1.1 })
        }
        // SQLite's BM25 uses the frequencies of the whole index.
        let words = question.split(separator: " ").map(String.init).filter { Self.vocabulary.contains($0) }
        let texts = all.map { $0.text.split(separator: " ").map(String.init) }
        let meanLength = Double(texts.reduce(0) { $0 + $1.count }) / Double(all.count)
        let keyword: [(key: Int64, score: Double)] = passages.compactMap { passage in
            let text = passage.text.split(separator: " ").map(String.init)
            guard words.contains(where: text.contains) else { return nil }
            var score = 0.0
            for word in words {
                let hits = Double(texts.filter { $0.contains(word) }.count)
                let frequency = Double(text.filter { $0 == word }.count)
                let rarity = max(1e-6, log((Double(all.count) - hits + 0.5) / (hits + 0.5)))
                let length = 0.25 + 0.75 * Double(text.count) / meanLength
                score += rarity * (frequency * 2.2 / (frequency + 1.2 * length))
            }
            return (passage.id, score)
        }
        var fused: [Int64: Double] = [:]
        for ranking in [dense, keyword] {
            let sorted = ranking.sorted { $0.score != $1.score ? $0.score > $1.score : $0.key < $1.key }
            for (rank, hit) in sorted.prefix(depth).enumerated() {
                fused[hit.key, default: 0] += 1 / Double(61 + rank)
            }
        }
        return fused.map { (key: $0.key, score: $0.value) }
            .sorted { $0.score != $1.score ? $0.score > $1.score : $0.key < $1.key }
    }
}

/// Embeds a text as a random unit vector seeded by its bytes, so that no order depends on rounding.
struct ScatteringEmbedder: TextEmbedder {
    let identity = "scattering"
    let dimension = 16

    func embed(_ texts: [String]) throws -> [[Float]] {
        texts.map { text in
            var generator = SplitMix64(seed: text.utf8.reduce(1) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 })
            let values = (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) }
            let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return values.map { $0 / norm }
        }
    }
}

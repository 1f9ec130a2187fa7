public import Foundation
public import Logging

/// Finds the passages and documents of a library that are relevant to a question.
///
/// It fuses two searches by reciprocal rank: an exact dense search, by the dot product of the embeddings of question
/// and passage, and a keyword search, BM25 over the full-text index. The library's embeddings are cached until any
/// process changes its passages. Any number of tasks may search at once and share the cache.
public final class Retriever: Sendable {
    /// The searches that are used.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// Dense and keyword search, fused.
        case fusion
        /// Dense search only.
        case dense
        /// Keyword search only.
        case keyword
    }

    /// The minimum number of passages that each search contributes to the fusion.
    private static let depth = 100
    /// The number of a document's passages that count towards its rank.
    private static let passagesPerDocument = 3
    /// The maximum number of attempts of a search during which the library changes.
    private static let attempts = 3

    private let library: any PassageIndex
    private let embedder: (any TextEmbedder)?
    private let index: SharedIndex?

    /// Creates a retriever over a library.
    ///
    /// - Parameters:
    ///   - embedder: embeds questions; nil for keyword search only.
    ///   - threads: the maximum number of threads of a dense search; the number of active processors by default.
    public init(
        library: any PassageIndex, embedder: (any TextEmbedder)?,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        logger: Logger = Logger(label: "lloco.retriever")
    ) {
        self.library = library
        self.embedder = embedder
        index = embedder.map { SharedIndex(library, embedder: $0.identity, threads: threads, logger: logger) }
    }

    /// The best passages of a scope for a question, and the documents ranked by their passages.
    ///
    /// - Parameters:
    ///   - question: any text; a long one is truncated (``RetrievalResult/isTruncated``).
    ///   - scope: the documents to search; all by default.
    ///   - limit: the maximum number of passages, 8 by default. Documents are ranked by all found passages.
    ///   - method: the searches to use; both by default.
    /// - Throws: ``LibraryError`` if the scope does not exist or the library cannot be read.
    public func search(
        _ question: String, in scope: LibraryScope = .all, limit: Int = 8, method: Method = .fusion
    ) async throws -> RetrievalResult {
        let keywords = method == .dense ? nil : KeywordQuery(question)
        var isTruncated = keywords?.isTruncated ?? false
        var embedding: [Float]?
        if method != .keyword, !question.isEmpty, let embedder {
            embedding = try self.embedding(of: question, by: embedder)
            isTruncated = isTruncated || embedder.omittedTokens(ofQuestion: question) > 0
        }
        let query = Query(
            keywords: keywords.flatMap { $0.words.isEmpty ? nil : $0 }, embedding: embedding, scope: scope,
            depth: max(Self.depth, 4 * min(max(0, limit), 1 << 20)))
        // A search makes several calls, and other tasks may write in between. Each result names its revision, so a
        // search over several revisions is retried. The last attempt accepts them: a passage never changes, so the
        // result is correct, and it can miss only what has just been written.
        var attempt = 1
        while true {
            let found = try await find(query)
            let result = try await self.result(found, limit: max(0, limit), isTruncated: isTruncated)
            if result.isWhole && found.revisions.count <= 1 || attempt == Self.attempts { return result.result }
            attempt += 1
        }
    }

    /// The inputs of both searches.
    private struct Query {
        /// At least one word; nil without a keyword search.
        let keywords: KeywordQuery?
        /// nil without a dense search.
        let embedding: [Float]?
        let scope: LibraryScope
        /// The maximum number of passages of each search.
        let depth: Int
    }

    /// The results of both searches.
    private struct Rankings {
        /// The passages' keys, best first, one ranking per search.
        var rankings: [[Int64]] = []
        /// The document of each passage.
        var documents: [Int64: Int64] = [:]
        /// The number of passages in the scope without an embedding.
        var unembedded = 0
        /// The library revisions that the searches read.
        var revisions: Set<LibraryRevision> = []
    }

    private func find(_ query: Query) async throws -> Rankings {
        var found = Rankings()
        var dense: (() async throws -> [DenseIndex.Hit])?
        if let embedding = query.embedding, let shared = self.index {
            let coverage = try await library.coverage(of: query.scope)
            let index = try await shared.index(at: coverage.revision)
            found.revisions = [coverage.revision, index.revision]
            let selection = index.selection(of: coverage.documents)
            found.unembedded = selection.missing
            if query.keywords != nil, selection.isLong {
                // Runs in parallel with the keyword search. The task is detached, since a child task would wait for the
                // caller's executor, which may have only one thread.
                let search = Task.detached { try index.search(embedding, in: selection, limit: query.depth) }
                dense = { try await search.value }
            } else {
                dense = { try index.search(embedding, in: selection, limit: query.depth) }
            }
        }
        var words: RankedPassages?
        if let keywords = query.keywords {
            words = try await library.passages(matching: keywords, in: query.scope, limit: query.depth)
        }
        if let hits = try await dense?() {
            found.rankings.append(hits.map(\.passage))
            for hit in hits { found.documents[hit.passage] = hit.document }
        }
        if let words {
            found.revisions.insert(words.revision)
            found.rankings.append(words.hits.map(\.passage))
            for hit in words.hits { found.documents[hit.passage] = hit.document }
        }
        return found
    }

    private func embedding(of question: String, by embedder: any TextEmbedder) throws -> [Float] {
        guard let vector = try embedder.embed(questions: [question]).first, vector.count == embedder.dimension,
            vector.allSatisfy(\.isFinite)
        else {
            throw LibraryError(
                .invalid,
                "the embedder returned no embedding, expected a finite one of dimension \(embedder.dimension)")
        }
        return vector
    }

    /// Fuses the rankings. `isWhole` is whether all found passages and documents are still in the library.
    private func result(
        _ found: Rankings, limit: Int, isTruncated: Bool
    ) async throws -> (result: RetrievalResult, isWhole: Bool) {
        let fused = RankFusion.fuse(found.rankings)
        let ranked = RankFusion.rankGroups(
            fused.compactMap { found.documents[$0.key] }, best: Self.passagesPerDocument)
        let best = fused.prefix(limit)
        let records = try await library.passages(best.map(\.key))
        let names = try await library.names(ofDocuments: Set(ranked.map(\.key)))
        let scores = Dictionary(uniqueKeysWithValues: best.map { ($0.key, $0.score) })
        let passages: [RetrievedPassage] = records.compactMap { record in
            guard let score = scores[record.id], let name = names[record.document] else { return nil }
            return RetrievedPassage(
                id: record.id, document: record.document, documentName: name, start: record.bytes.lowerBound,
                end: record.bytes.upperBound, score: score, text: record.text)
        }
        let documents = ranked.compactMap { entry in
            names[entry.key].map { RankedDocument(id: entry.key, name: $0, score: entry.score) }
        }
        return (
            RetrievalResult(
                passages: passages, documents: documents, unembedded: found.unembedded, isTruncated: isTruncated),
            isWhole: passages.count == best.count && documents.count == ranked.count
        )
    }
}

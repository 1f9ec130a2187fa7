public import Foundation
public import Logging

/// Finds the passages and documents of a library that a question is about.
///
/// Two searches, fused by reciprocal rank: dense, the dot product of the question's embedding with every passage's,
/// exact; and keywords, BM25 over the full-text index. The library's embeddings are read once and kept for as long as its
/// passages stay as they are, in any process. Any number of tasks may search at once; they share what is kept.
public final class Retriever: Sendable {
    /// Which searches count.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// Both, fused.
        case fusion
        /// Embeddings alone.
        case dense
        /// Words alone.
        case keyword
    }

    /// How many passages each search contributes at least, before fusion.
    private static let depth = 100
    /// How many of a document's passages count towards its rank.
    private static let passagesPerDocument = 3
    /// How often a search begins anew where the library changes under it.
    private static let attempts = 3

    private let library: any PassageIndex
    private let embedder: (any TextEmbedder)?
    private let index: SharedIndex?

    /// A retriever over a library.
    ///
    /// - Parameters:
    ///   - embedder: embeds questions; nil searches by words alone.
    ///   - threads: how many threads share a search of many embeddings.
    public init(
        library: any PassageIndex, embedder: (any TextEmbedder)?,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        logger: Logger = Logger(label: "lloco.retriever")
    ) {
        self.library = library
        self.embedder = embedder
        index = embedder.map { SharedIndex(library, embedder: $0.identity, threads: threads, logger: logger) }
    }

    /// The best passages of a scope for a question, and the documents they speak for.
    ///
    /// - Parameters:
    ///   - question: any text; of a long one not all is looked for (``RetrievalResult/isCut``).
    ///   - scope: where to look.
    ///   - limit: the most passages to return; documents are ranked from all that were found.
    ///   - method: which searches count.
    /// - Throws: ``LibraryError`` where the scope does not exist or the library cannot be read.
    public func search(
        _ question: String, in scope: LibraryScope = .all, limit: Int = 8, method: Method = .fusion
    ) async throws -> RetrievalResult {
        let keywords = method == .dense ? nil : KeywordQuery(question)
        var isCut = keywords?.isCut ?? false
        var embedding: [Float]?
        if method != .keyword, !question.isEmpty, let embedder {
            embedding = try self.embedding(of: question, by: embedder)
            isCut = isCut || embedder.omittedTokens(ofQuestion: question) > 0
        }
        let query = Query(
            keywords: keywords.flatMap { $0.words.isEmpty ? nil : $0 }, embedding: embedding, scope: scope,
            depth: max(Self.depth, 4 * min(max(0, limit), 1 << 20)))
        // The library is asked several times, and others may write in between. Each answer says which revision it is of, so
        // that a search of several revisions is seen and made anew. The last attempt takes what it finds: a passage comes
        // and goes but never changes, so what is returned is right, and what is missed has only just been written.
        var attempt = 1
        while true {
            let found = try await find(query)
            let result = try await self.result(found, limit: max(0, limit), isCut: isCut)
            if result.isWhole && found.revisions.count <= 1 || attempt == Self.attempts { return result.result }
            attempt += 1
        }
    }

    /// What is looked for.
    private struct Query {
        /// With at least one word; nil where words do not count.
        let keywords: KeywordQuery?
        /// nil where embeddings do not count.
        let embedding: [Float]?
        let scope: LibraryScope
        /// How many passages each search contributes at most.
        let depth: Int
    }

    /// What each search found.
    private struct Found {
        /// The passages' keys, best first, a ranking a search.
        var rankings: [[Int64]] = []
        /// The document of each of these passages.
        var documents: [Int64: Int64] = [:]
        /// Passages of the scope without an embedding.
        var unembedded = 0
        /// The revisions of the library that were met.
        var revisions: Set<LibraryRevision> = []
    }

    private func find(_ query: Query) async throws -> Found {
        var found = Found()
        var dense: (() async throws -> [DenseIndex.Hit])?
        if let embedding = query.embedding, let shared = self.index {
            let coverage = try await library.coverage(of: query.scope)
            let index = try await shared.index(at: coverage.revision)
            found.revisions = [coverage.revision, index.revision]
            let selection = index.selection(of: coverage.documents)
            found.unembedded = selection.missing
            if query.keywords != nil, selection.isLong {
                // The full-text index is searched beside it. A detached task, since the caller's executor may have one
                // thread only, which a child task would have to wait for.
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
            throw LibraryError(.invalid, "the embedder gave no finite vector of dimension \(embedder.dimension)")
        }
        return vector
    }

    /// Fuses what was found; tells whether all of it is still in the library.
    private func result(
        _ found: Found, limit: Int, isCut: Bool
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
                passages: passages, documents: documents, unembedded: found.unembedded, isCut: isCut),
            isWhole: passages.count == best.count && documents.count == ranked.count
        )
    }
}

public import Foundation
internal import GRDB
public import Logging
internal import Synchronization

/// Finds the passages and documents of a library that a question is about.
///
/// Two searches, fused by reciprocal rank: dense, the dot product of the question's embedding with every passage's,
/// exact; and keywords, BM25 over the full-text index. Embeddings of a scope are read once and kept for as long as the
/// library's passages stay as they are, in any process.
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

    private let library: SQLiteLibrary
    private let embedder: (any TextEmbedder)?
    private let threads: Int
    private let logger: Logger
    private let cache = Mutex(DenseCache())

    /// A retriever over a library.
    ///
    /// - Parameters:
    ///   - embedder: embeds questions; nil searches by words alone.
    ///   - threads: how many threads share a search of many embeddings.
    public init(
        library: SQLiteLibrary, embedder: (any TextEmbedder)?,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        logger: Logger = Logger(label: "lloco.retriever")
    ) {
        self.library = library
        self.embedder = embedder
        self.threads = threads
        self.logger = logger
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
    ) throws -> RetrievalResult {
        let depth = max(Self.depth, 4 * min(max(0, limit), 1 << 20))
        let keywords = method == .dense ? nil : KeywordQuery(question)
        var isCut = keywords?.isCut ?? false
        var query: [Float]?
        if method != .keyword, !question.isEmpty, let embedder {
            query = try embedding(of: question, by: embedder)
            isCut = isCut || embedder.omittedTokens(of: question) > 0
        }
        return try library.read { db in
            var rankings: [[Int64]] = []
            var unembedded = 0
            var dense: PendingSearch?
            if let query, let embedder {
                let index = try self.index(scope, embedder.identity, db)
                unembedded = index.missing
                dense = PendingSearch(index, query, limit: depth, aside: keywords?.text != nil)
            }
            // The full-text index belongs to this thread; the embeddings are searched beside it.
            let words = try keywords?.text.map { try library.passages(matching: $0, in: scope, limit: depth, db) }
            if let dense { rankings.append(try dense.hits().map(\.passage)) }
            if let words { rankings.append(words) }
            return try self.result(
                RankFusion.fuse(rankings), limit: max(0, limit), unembedded: unembedded, isCut: isCut, db)
        }
    }

    private func embedding(of question: String, by embedder: any TextEmbedder) throws -> [Float] {
        guard let vector = try embedder.embed([question]).first, vector.count == embedder.dimension,
            vector.allSatisfy(\.isFinite)
        else {
            throw LibraryError(.invalid, "the embedder gave no finite vector of dimension \(embedder.dimension)")
        }
        return vector
    }

    private func index(_ scope: LibraryScope, _ embedder: String, _ db: Database) throws -> DenseIndex {
        let key = DenseCache.Key(scope: scope, embedder: embedder, revision: try library.revision(db))
        if let index = cache.withLock({ $0.index(key) }) { return index }
        let index = DenseIndex(try library.embeddings(in: scope, embedder: embedder, db), threads: threads)
        if index.missing > 0 {
            logger.info("\(index.missing) passages have no embedding yet: only their words are searched")
        }
        cache.withLock { $0.keep(index, key) }
        return index
    }

    private func result(
        _ fused: [(key: Int64, score: Double)], limit: Int, unembedded: Int, isCut: Bool, _ db: Database
    ) throws -> RetrievalResult {
        let known = try library.ranking.prepare(db, revision: library.revision(db))
        let documents = try fused.map { hit in
            // The full-text index may name a passage that a damaged file no longer holds.
            guard let passage = known[hit.key] else { throw DamagedValue("passage \(hit.key) is in an index only") }
            return passage.document
        }
        var names: [Int64: String] = [:]
        let keys = Set(documents).map(String.init).joined(separator: ", ")
        let named = try Row.fetchCursor(db, sql: "SELECT id, name FROM documents WHERE id IN (\(keys))")
        while let row = try named.next() { names[try row.checked("id")] = try row.checked("name") }
        var passages: [RetrievedPassage] = []
        for (hit, document) in zip(fused, documents).prefix(limit) {
            guard
                let row = try Row.fetchOne(db, sql: SQLiteLibrary.passageQuery + " WHERE id = ?", arguments: [hit.key])
            else { continue }
            let passage = try SQLiteLibrary.passage(row)
            passages.append(
                RetrievedPassage(
                    id: hit.key, document: document, documentName: names[document] ?? "",
                    start: passage.bytes.lowerBound, end: passage.bytes.upperBound, score: hit.score,
                    text: passage.text))
        }
        let ranked = RankFusion.rankGroups(documents, best: Self.passagesPerDocument)
            .map { RankedDocument(id: $0.key, name: names[$0.key] ?? "", score: $0.score) }
        return RetrievalResult(passages: passages, documents: ranked, unembedded: unembedded, isCut: isCut)
    }
}

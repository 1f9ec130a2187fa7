internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// SQLite's `bm25` with cached passage lengths.
///
/// It computes the same values in the same order of operations (fts5_aux.c). `bm25` looks up the length of each match
/// in a table: in 100,000 passages a question of six words has 6,000 matches, which took 8 ms; this takes 2 ms.
final class KeywordRanking: Sendable {
    /// The cached properties of a passage.
    struct Passage: Sendable {
        /// The length in the index's tokens.
        let length: Int
        /// The key of its document.
        let document: Int64
    }

    /// The SQL function's name on the library's connection.
    static let function = "lloco_bm25"

    private struct State {
        var isRegistered = false
        var revision: LibraryRevision?
        var passages: [Int64: Passage] = [:]
    }

    private let state = Mutex(State())

    /// Registers the SQL function on the library's only connection if needed, and loads the passages.
    ///
    /// - Parameter revision: the current revision; passages of another revision are reloaded
    /// - Returns: all passages by key
    @discardableResult
    func prepare(_ db: Database, revision: LibraryRevision) throws -> [Int64: Passage] {
        let (isRegistered, cached) = state.withLock { ($0.isRegistered, $0.revision == revision ? $0.passages : nil) }
        if !isRegistered { try register(db) }
        if let cached { return cached }
        let passages = try Self.read(db)
        state.withLock { ($0.revision, $0.passages) = (revision, passages) }
        return passages
    }

    private func register(_ db: Database) throws {
        let api = FTS5.api(db)
        // The library keeps this object alive longer than its connection.
        let context = Unmanaged.passUnretained(self).toOpaque()
        let status = api.pointee.xCreateFunction(
            UnsafeMutablePointer(mutating: api), Self.function, context, Self.score, nil)
        guard status == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: status)) }
        state.withLock { $0.isRegistered = true }
    }

    private static func read(_ db: Database) throws -> [Int64: Passage] {
        var passages: [Int64: Passage] = [:]
        // The index on (document_id, position) covers both columns. Lengths are in a table of the full-text index.
        let documents = try Row.fetchCursor(db, sql: "SELECT id, document_id FROM passages")
        while let row = try documents.next() {
            let id: Int64 = try row.checked("id")
            passages[id] = Passage(length: 0, document: try row.checked("document_id"))
        }
        let lengths = try Row.fetchCursor(db, sql: "SELECT id, sz FROM passage_index_docsize")
        while let row = try lengths.next() {
            let id: Int64 = try row.checked("id")
            guard let known = passages[id], let length = try row.withUnsafeData(atIndex: 1, { Self.length($0) })
            else { continue }
            passages[id] = Passage(length: length, document: known.document)
        }
        return passages
    }

    /// Decodes a length of the only column from SQLite's varint: seven bits per byte, most significant first.
    private static func length(_ bytes: Data?) -> Int? {
        guard let bytes, 1...4 ~= bytes.count else { return nil }
        var value = 0
        for (index, byte) in bytes.enumerated() {
            guard (byte & 0x80 != 0) == (index < bytes.count - 1) else { return nil }
            value = value << 7 | Int(byte & 0x7F)
        }
        return value
    }

    // MARK: Called by SQLite

    /// The per-query constants of the ranking, computed at the first match.
    private final class Query {
        let weights: [Double]
        let meanLength: Double
        let passages: [Int64: Passage]
        var frequencies: [Double]

        init(weights: [Double], meanLength: Double, passages: [Int64: Passage]) {
            self.weights = weights
            self.meanLength = meanLength
            self.passages = passages
            frequencies = Array(repeating: 0, count: weights.count)
        }
    }

    private static let score: fts5_extension_function = { api, match, result, _, _ in
        guard let api, let match else { return }
        let query: Query
        if let stored = api.pointee.xGetAuxdata(match, 0) {
            query = Unmanaged<Query>.fromOpaque(stored).takeUnretainedValue()
        } else {
            guard let computed = KeywordRanking.query(api, match) else {
                sqlite3_result_error_code(result, SQLITE_CORRUPT)
                return
            }
            query = computed
            // SQLite releases the data with the query, and also if it cannot store the data.
            let status = api.pointee.xSetAuxdata(match, Unmanaged.passRetained(computed).toOpaque()) {
                if let stored = $0 { Unmanaged<Query>.fromOpaque(stored).release() }
            }
            guard status == SQLITE_OK else {
                sqlite3_result_error_code(result, status)
                return
            }
        }
        var count: Int32 = 0
        var status = api.pointee.xInstCount(match, &count)
        for phrase in query.frequencies.indices { query.frequencies[phrase] = 0 }
        var (phrase, column, offset): (Int32, Int32, Int32) = (0, 0, 0)
        for instance in 0..<count where status == SQLITE_OK {
            status = api.pointee.xInst(match, instance, &phrase, &column, &offset)
            if status == SQLITE_OK { query.frequencies[Int(phrase)] += 1 }
        }
        var length = query.passages[api.pointee.xRowid(match)]?.length ?? 0
        if length == 0, status == SQLITE_OK {
            // Not cached, or without a word: ask the index.
            var size: Int32 = 0
            status = api.pointee.xColumnSize(match, -1, &size)
            length = Int(size)
        }
        guard status == SQLITE_OK else {
            sqlite3_result_error_code(result, status)
            return
        }
        let (k1, b) = (1.2, 0.75)
        var score = 0.0
        for (weight, frequency) in zip(query.weights, query.frequencies) {
            score +=
                weight
                * ((frequency * (k1 + 1)) / (frequency + k1 * (1 - b + b * Double(length) / query.meanLength)))
        }
        sqlite3_result_double(result, -score)
    }

    private static func query(_ api: UnsafePointer<Fts5ExtensionApi>, _ match: OpaquePointer) -> Query? {
        var (rows, tokens): (Int64, Int64) = (0, 0)
        guard api.pointee.xRowCount(match, &rows) == SQLITE_OK, rows > 0,
            api.pointee.xColumnTotalSize(match, -1, &tokens) == SQLITE_OK
        else { return nil }
        var weights: [Double] = []
        for phrase in 0..<api.pointee.xPhraseCount(match) {
            var hits: Int64 = 0
            let status = api.pointee.xQueryPhrase(match, phrase, &hits) { _, _, hits in
                hits?.assumingMemoryBound(to: Int64.self).pointee += 1
                return SQLITE_OK
            }
            guard status == SQLITE_OK else { return nil }
            let weight = log((Double(rows - hits) + 0.5) / (Double(hits) + 0.5))
            // A word in more than half of the passages gets a small positive weight.
            weights.append(weight <= 0 ? 1e-6 : weight)
        }
        guard let context = api.pointee.xUserData(match) else { return nil }
        let ranking = Unmanaged<KeywordRanking>.fromOpaque(context).takeUnretainedValue()
        return Query(
            weights: weights, meanLength: Double(tokens) / Double(rows),
            passages: ranking.state.withLock { $0.passages })
    }
}

internal import Dispatch
internal import Foundation
import LLoCOBase

/// An in-memory index of a library's embeddings for exact search by dot product, over all documents or some.
///
/// A search over many rows has two steps. Dot products with bfloat16 rows select candidates that are certain to include
/// the best rows. Then the candidates are computed exactly.
package struct DenseIndex: Sendable {
    /// A hit of a search.
    package struct Hit: Hashable, Sendable {
        /// The passage's key.
        package let passage: Int64
        /// The key of the passage's document.
        package let document: Int64
        /// The dot product of the query and the passage's embedding.
        package let score: Float
    }

    /// The rows of some documents, as the scope of a search.
    package struct Selection: Sendable {
        fileprivate var rows = RowRanges()
        /// The number of passages without an embedding.
        package fileprivate(set) var missing = 0
        /// Whether a search has enough rows to be worth another thread.
        package fileprivate(set) var isLong = false
    }

    /// The number of values from which several threads and rounding are faster than one thread without rounding.
    private static let longValues = 4 << 20

    private let matrix: EmbeddingMatrix
    private let rounded: RoundedRows?
    /// The maximum number of threads of a long search.
    private let threads: Int

    /// Creates an index.
    ///
    /// - Parameter threads: the maximum number of threads of a long search; the number of active processors by default
    package init(_ matrix: EmbeddingMatrix, threads: Int = ProcessInfo.processInfo.activeProcessorCount) {
        self.matrix = matrix
        self.threads = threads
        rounded =
            matrix.values.count < Self.longValues ? nil : RoundedRows(matrix.values, dimension: matrix.dimension)
    }

    /// The library revision that the embeddings were read at.
    package var revision: LibraryRevision { matrix.revision }

    /// The rows of some documents.
    ///
    /// - Parameter documents: the documents' keys in ascending order; nil for all rows
    package func selection(of documents: [Int64]?) -> Selection {
        var selection = Selection()
        guard let documents else {
            selection.rows.append(0..<matrix.passages.count)
            selection.missing = matrix.missing
            selection.isLong = isLong(matrix.passages.count)
            return selection
        }
        for key in documents {
            let index = matrix.documents.partitioningIndex { $0.id >= key }
            // A document without passages is not in the matrix.
            guard index < matrix.documents.count, matrix.documents[index].id == key else { continue }
            selection.rows.append(matrix.documents[index].rows)
            selection.missing += matrix.documents[index].missing
        }
        selection.isLong = isLong(selection.rows.count)
        return selection
    }

    /// The `limit` rows with the largest dot product with `query`, largest first. Of equal scores the earlier row is
    /// first.
    ///
    /// - Parameters:
    ///   - query: `[dimension]`
    ///   - selection: a selection of this index; nil for all rows
    /// - Throws: ``LibraryError`` if the query has another dimension than the embeddings.
    package func search(_ query: [Float], in selection: Selection? = nil, limit: Int) throws -> [Hit] {
        let selection = selection ?? self.selection(of: nil)
        let rows = selection.rows
        guard rows.count > 0, limit > 0 else { return [] }
        guard query.count == matrix.dimension else {
            throw LibraryError(
                .invalid,
                "the question's embedding has dimension \(query.count), expected \(matrix.dimension) as the passages' "
                    + "embeddings: use the same embedder for both")
        }
        let limit = min(limit, rows.count)
        let top: TopScores
        if selection.isLong, let rounded, let error = rounded.error(for: query) {
            let estimates = scores(of: rows, RoundedRows.deinterleaved(query)) { range, query, results in
                rounded.compute(query: query, range: range, results: results)
            }
            // The k-th best score is at least the k-th best estimate minus one error. A row that can reach it has an
            // estimate at most two errors below that estimate.
            let worst = best(of: estimates, limit: limit).sorted.last?.score ?? -.infinity
            let candidates = estimates.indices.filter { estimates[$0] >= worst - 2 * error }
            top = exact(query, positions: candidates, of: rows, limit: limit)
        } else {
            top = best(of: exactScores(of: rows, query), limit: limit)
        }
        return top.sorted.map { entry in
            let row = rows.row(at: entry.position)
            let document = matrix.documents[matrix.documents.partitioningIndex { $0.rows.upperBound > row }].id
            return Hit(passage: matrix.passages[row], document: document, score: entry.score)
        }
    }

    private func isLong(_ rows: Int) -> Bool { rows * matrix.dimension >= Self.longValues }

    private func exactScores(of rows: RowRanges, _ query: [Float]) -> [Float] {
        scores(of: rows, query) { range, query, results in
            matrix.values.withUnsafeBufferPointer { values in
                guard let rows = values.baseAddress else { return }
                DotProducts.compute(
                    rows: rows, query: query, dimension: matrix.dimension, range: range, results: results)
            }
        }
    }

    /// The number of threads for a search of `values` values: one for few values, else `threads`, up to 64.
    package static func threads(for values: Int, of threads: Int) -> Int {
        values < longValues ? 1 : min(max(1, threads), 64)
    }

    /// One score per row, computed by several threads if there are many rows.
    private func scores(
        of rows: RowRanges, _ query: [Float],
        _ compute: @Sendable (Range<Int>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        let count = rows.count
        let parts = Self.threads(for: count * matrix.dimension, of: threads)
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            query.withUnsafeBufferPointer { query in
                guard let results = buffer.baseAddress, let query = query.baseAddress else { return }
                // The parts write to disjoint places, and all parts end before the pointers become invalid.
                nonisolated(unsafe) let (shared, input) = (results, query)
                DispatchQueue.concurrentPerform(iterations: parts) { part in
                    rows.forEach(in: count * part / parts..<count * (part + 1) / parts) { range, position in
                        compute(range, input, shared + position)
                    }
                }
            }
            initialized = count
        }
    }

    private func exact(_ query: [Float], positions: [Int], of rows: RowRanges, limit: Int) -> TopScores {
        var top = TopScores(limit: limit)
        matrix.values.withUnsafeBufferPointer { values in
            query.withUnsafeBufferPointer { query in
                guard let values = values.baseAddress, let query = query.baseAddress else { return }
                for position in positions {
                    var score: Float = 0
                    let row = rows.row(at: position)
                    DotProducts.compute(
                        rows: values, query: query, dimension: matrix.dimension, range: row..<row + 1, results: &score)
                    top.insert(TopScores.Entry(position: position, score: score))
                }
            }
        }
        return top
    }

    private func best(of scores: [Float], limit: Int) -> TopScores {
        var top = TopScores(limit: limit)
        var threshold = top.threshold
        scores.withUnsafeBufferPointer { scores in
            // Rows come in order, so a row that equals the worst entry ranks after it.
            for position in scores.indices where scores[position] > threshold {
                top.insert(TopScores.Entry(position: position, score: scores[position]))
                threshold = top.threshold
            }
        }
        return top
    }
}

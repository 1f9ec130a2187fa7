internal import Dispatch
internal import Foundation
import LLoCOBase

/// Exact search by dot product over the embeddings of a library, held in memory: of all its documents or of some.
///
/// Many rows are searched in two steps: products with rounded rows leave a few candidates, among them for certain the
/// best, and those are computed exactly.
package struct DenseIndex: Sendable {
    /// A hit: the keys of the passage and its document, and the dot product.
    package struct Hit: Hashable, Sendable {
        package let passage: Int64
        package let document: Int64
        package let score: Float
    }

    /// What of the index a search looks at.
    package struct Selection: Sendable {
        fileprivate var rows = RowRanges()
        /// Passages without an embedding.
        package fileprivate(set) var missing = 0
        /// Whether a search takes long enough that another thread is worth waking.
        package fileprivate(set) var isLong = false
    }

    /// Below this many values one thread is faster than waking others, and rounding gains nothing.
    private static let longValues = 4 << 20

    private let matrix: EmbeddingMatrix
    private let rounded: RoundedRows?
    /// How many threads share a long search.
    private let threads: Int

    package init(_ matrix: EmbeddingMatrix, threads: Int = ProcessInfo.processInfo.activeProcessorCount) {
        self.matrix = matrix
        self.threads = threads
        rounded =
            matrix.values.count < Self.longValues ? nil : RoundedRows(matrix.values, dimension: matrix.dimension)
    }

    /// The revision of the library that the embeddings were read at.
    package var revision: LibraryRevision { matrix.revision }

    /// The rows of some documents, by their keys in ascending order; with nil all rows.
    package func selection(of documents: [Int64]?) -> Selection {
        var selection = Selection()
        guard let documents else {
            selection.rows.append(0..<matrix.passages.count)
            selection.missing = matrix.missing
            selection.isLong = isLong(matrix.passages.count)
            return selection
        }
        for key in documents {
            let place = matrix.documents.firstPlace { $0.id >= key }
            // A document without passages has no part of the matrix.
            guard place < matrix.documents.count, matrix.documents[place].id == key else { continue }
            selection.rows.append(matrix.documents[place].rows)
            selection.missing += matrix.documents[place].missing
        }
        selection.isLong = isLong(selection.rows.count)
        return selection
    }

    /// The `limit` rows with the largest dot product with `query` `[dimension]`, largest first, earlier rows first
    /// where equal.
    ///
    /// - Parameter selection: of this index; nil for all rows.
    package func search(_ query: [Float], in selection: Selection? = nil, limit: Int) throws -> [Hit] {
        let selection = selection ?? self.selection(of: nil)
        let rows = selection.rows
        guard rows.count > 0, limit > 0 else { return [] }
        guard query.count == matrix.dimension else {
            throw LibraryError(
                .invalid,
                "the question's embedding has dimension \(query.count), the passages' \(matrix.dimension): "
                    + "another embedder?")
        }
        let limit = min(limit, rows.count)
        let top: TopScores
        if selection.isLong, let rounded, let error = rounded.error(for: query) {
            let estimates = scores(of: rows, RoundedRows.deinterleaved(query)) { range, query, results in
                rounded.compute(query: query, range: range, results: results)
            }
            // The k-th best is at least as good as the k-th estimate less one error; what can reach it has an estimate
            // at most two errors lower.
            let worst = best(of: estimates, limit: limit).sorted.last?.score ?? -.infinity
            let candidates = estimates.indices.filter { estimates[$0] >= worst - 2 * error }
            top = exact(query, positions: candidates, of: rows, limit: limit)
        } else {
            top = best(of: exactScores(of: rows, query), limit: limit)
        }
        return top.sorted.map { entry in
            let row = rows.row(at: entry.position)
            let document = matrix.documents[matrix.documents.firstPlace { $0.rows.upperBound > row }].id
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

    /// How many of `threads` share `values` values: all of them, up to 64, where they are many enough.
    package static func threads(for values: Int, of threads: Int) -> Int {
        values < longValues ? 1 : min(max(1, threads), 64)
    }

    /// One score a row, by as many threads as the rows are worth.
    private func scores(
        of rows: RowRanges, _ query: [Float],
        _ compute: @Sendable (Range<Int>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        let count = rows.count
        let parts = Self.threads(for: count * matrix.dimension, of: threads)
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            query.withUnsafeBufferPointer { query in
                guard let results = buffer.baseAddress, let query = query.baseAddress else { return }
                // Each part writes to places of its own, and all are done before the pointers end.
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
            // Rows come in order: one that only equals the worst comes after it.
            for position in scores.indices where scores[position] > threshold {
                top.insert(TopScores.Entry(position: position, score: scores[position]))
                threshold = top.threshold
            }
        }
        return top
    }
}

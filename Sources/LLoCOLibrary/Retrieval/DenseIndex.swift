internal import Dispatch
internal import Foundation

/// Exact search by dot product over the embeddings of a scope, held in memory.
///
/// A long matrix is searched in two steps: products with rounded rows leave a few candidates, among them for certain
/// the best, and those are computed exactly.
package struct DenseIndex: Sendable {
    /// A hit: the passage's key and the dot product.
    package struct Hit: Hashable, Sendable {
        package let passage: Int64
        package let score: Float
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

    /// Passages of the scope without an embedding.
    package var missing: Int { matrix.missing }

    /// Whether a search takes long enough that another thread is worth waking.
    var isLong: Bool { matrix.values.count >= Self.longValues }

    /// The `limit` rows with the largest dot product with `query` `[dimension]`, largest first, earlier rows first
    /// where equal.
    package func search(_ query: [Float], limit: Int) throws -> [Hit] {
        let count = matrix.passages.count
        guard count > 0, limit > 0 else { return [] }
        guard query.count == matrix.dimension, matrix.values.count == count * matrix.dimension else {
            throw LibraryError(
                .invalid,
                "the question's embedding has dimension \(query.count), the passages' \(matrix.dimension): "
                    + "another embedder?")
        }
        let limit = min(limit, count)
        let top: TopScores
        if let rounded, let error = rounded.error(for: query) {
            let estimates = scores { results, range, query in
                rounded.compute(query: query, range: range, results: results)
            } of: {
                RoundedRows.deinterleaved(query)
            }
            // The k-th best is at least as good as the k-th estimate less one error; what can reach it has an estimate
            // at most two errors lower.
            let worst = best(of: estimates, limit: limit).sorted.last?.score ?? -.infinity
            top = exact(query, rows: estimates.indices.filter { estimates[$0] >= worst - 2 * error }, limit: limit)
        } else {
            top = best(of: exactScores(query), limit: limit)
        }
        return top.sorted.map { Hit(passage: matrix.passages[$0.row], score: $0.score) }
    }

    private func exactScores(_ query: [Float]) -> [Float] {
        scores { results, range, query in
            matrix.values.withUnsafeBufferPointer { values in
                guard let rows = values.baseAddress else { return }
                DotProducts.compute(
                    rows: rows, query: query, dimension: matrix.dimension, range: range, results: results)
            }
        } of: {
            query
        }
    }

    /// How many of `threads` share a matrix of `values`: all of them, up to 64, where it is long enough.
    package static func threads(for values: Int, of threads: Int) -> Int {
        values < longValues ? 1 : min(max(1, threads), 64)
    }

    /// One score a row, by as many threads as the matrix is worth.
    private func scores(
        _ compute: @Sendable (UnsafeMutablePointer<Float>, Range<Int>, UnsafePointer<Float>) -> Void,
        of query: () -> [Float]
    ) -> [Float] {
        let count = matrix.passages.count
        let parts = Self.threads(for: matrix.values.count, of: threads)
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            query().withUnsafeBufferPointer { query in
                guard let results = buffer.baseAddress, let query = query.baseAddress else { return }
                // Each part writes to rows of its own, and all are done before the pointers end.
                nonisolated(unsafe) let (shared, input) = (results, query)
                DispatchQueue.concurrentPerform(iterations: parts) { part in
                    compute(shared, count * part / parts..<count * (part + 1) / parts, input)
                }
            }
            initialized = count
        }
    }

    private func exact(_ query: [Float], rows: [Int], limit: Int) -> TopScores {
        var top = TopScores(limit: limit)
        matrix.values.withUnsafeBufferPointer { values in
            query.withUnsafeBufferPointer { query in
                guard let values = values.baseAddress, let query = query.baseAddress else { return }
                for row in rows {
                    var score: Float = 0
                    DotProducts.compute(
                        rows: values + row * matrix.dimension, query: query, dimension: matrix.dimension, range: 0..<1,
                        results: &score)
                    top.insert(TopScores.Entry(row: row, score: score))
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
            for row in scores.indices where scores[row] > threshold {
                top.insert(TopScores.Entry(row: row, score: scores[row]))
                threshold = top.threshold
            }
        }
        return top
    }
}

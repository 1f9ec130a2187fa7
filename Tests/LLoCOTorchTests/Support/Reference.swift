import Foundation

/// Reference implementations of the layers, as loops over row-major Doubles.
enum Reference {
    static func matmul(_ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int) -> [Double] {
        var result = [Double](repeating: 0, count: rows * columns)
        for i in 0..<rows {
            for j in 0..<columns {
                for k in 0..<inner { result[i * columns + j] += a[i * inner + k] * b[k * columns + j] }
            }
        }
        return result
    }

    static func transposed(_ a: [Double], rows: Int, columns: Int) -> [Double] {
        (0..<columns).flatMap { column in (0..<rows).map { a[$0 * columns + column] } }
    }

    static func softmax(_ row: [Double]) -> [Double] {
        let highest = row.max() ?? 0
        let weights = row.map { exp($0 - highest) }
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }

    static func rmsNorm(_ x: [Double], _ weight: [Double], epsilon: Double) -> [Double] {
        rows(x, weight.count) { row in
            let scale = 1 / sqrt(row.map { $0 * $0 }.reduce(0, +) / Double(row.count) + epsilon)
            return zip(row, weight).map { $0 * scale * $1 }
        }
    }

    static func layerNorm(_ x: [Double], _ weight: [Double], _ bias: [Double], epsilon: Double) -> [Double] {
        rows(x, weight.count) { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(row.count)
            return row.indices.map { (row[$0] - mean) / sqrt(variance + epsilon) * weight[$0] + bias[$0] }
        }
    }

    static func rows(_ x: [Double], _ size: Int, _ body: ([Double]) -> [Double]) -> [Double] {
        stride(from: 0, to: x.count, by: size).flatMap { body(Array(x[$0..<$0 + size])) }
    }

    /// x [B, H, T, E], the angle of pair i at position t in `angles[t][i]`.
    static func rotary(_ x: [Double], shape: [Int], angles: [[Double]]) -> [Double] {
        let (count, size) = (shape[2], shape[3])
        let half = size / 2
        var result = x
        for row in 0..<x.count / size {
            for i in 0..<half {
                let angle = angles[row % count][i]
                let (first, second) = (x[row * size + i], x[row * size + half + i])
                result[row * size + i] = first * cos(angle) - second * sin(angle)
                result[row * size + half + i] = second * cos(angle) + first * sin(angle)
            }
        }
        return result
    }

    /// The sizes of an attention: q [B, H, T, E], k and v [B, K, S, E].
    struct AttentionSize: Sendable {
        var batch = 2
        var heads = 4
        var groups = 2
        var queries = 5
        var keys = 5
        var size = 6

        var query: [Int] { [batch, heads, queries, size] }
        var key: [Int] { [batch, groups, keys, size] }
    }

    /// `bias`: the number added to the score of query t and key s of a batch and head; -infinity masks the key.
    static func attention(
        _ q: [Double], _ k: [Double], _ v: [Double], _ sizes: AttentionSize, scale: Double,
        bias: (_ batch: Int, _ head: Int, _ query: Int, _ key: Int) -> Double = { _, _, _, _ in 0 }
    ) -> [Double] {
        let (heads, groups, keys, size) = (sizes.heads, sizes.groups, sizes.keys, sizes.size)
        var result: [Double] = []
        for b in 0..<sizes.batch {
            for h in 0..<heads {
                let group = (b * groups + h / (heads / groups)) * keys
                for t in 0..<sizes.queries {
                    let query = ((b * heads + h) * sizes.queries + t) * size
                    let weights = softmax(
                        (0..<keys).map { s in
                            let dot = (0..<size).reduce(0.0) { $0 + q[query + $1] * k[(group + s) * size + $1] }
                            return dot * scale + bias(b, h, t, s)
                        })
                    for e in 0..<size {
                        result.append((0..<keys).reduce(0.0) { $0 + weights[$1] * v[(group + $1) * size + e] })
                    }
                }
            }
        }
        return result
    }

    /// -log softmax(row)[target] of each row.
    static func negativeLogLikelihoods(_ logits: [Double], _ targets: [Int], classes: Int) -> [Double] {
        targets.indices.map { row in
            -log(softmax(Array(logits[row * classes..<(row + 1) * classes]))[targets[row]])
        }
    }

    static func relativeError(_ found: [Double], _ expected: [Double]) -> Double {
        precondition(found.count == expected.count)
        let difference = zip(found, expected).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let norm = expected.reduce(0.0) { $0 + $1 * $1 }
        return sqrt(difference / max(norm, .leastNormalMagnitude))
    }
}

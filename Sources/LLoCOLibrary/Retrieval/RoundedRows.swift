/// A matrix rounded to bfloat16, two values per word. It halves the memory traffic, which bounds a long search.
///
/// Its dot products only select the rows that are then computed exactly. Rounding changes a value by at most 2^-9 of
/// itself. By the Cauchy-Schwarz inequality it changes a dot product by at most 2^-9 |row| |query|.
struct RoundedRows: Sendable {
    private typealias Lanes = SIMD8<Float>
    private typealias Words = SIMD8<UInt32>
    /// Values per step of the inner loop.
    private static let width = 16
    /// The maximum norm of a row or query for which the error bound holds; unit vectors are far below it.
    private static let maximumNorm: Float = 16

    private let words: [UInt32]
    private let dimension: Int
    /// The maximum norm of a row.
    private let norm: Float

    /// Rounds a matrix; nil if its shape or norms are not supported. The caller then computes all rows exactly.
    init?(_ values: [Float], dimension: Int) {
        guard dimension > 0, dimension % Self.width == 0, values.count % dimension == 0 else { return nil }
        var norm: Float = 0
        for row in 0..<values.count / dimension {
            var sum = SIMD16<Float>.zero
            values.withUnsafeBytes { bytes in
                for offset in stride(from: 4 * row * dimension, to: 4 * (row + 1) * dimension, by: 4 * Self.width) {
                    let part = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                    sum += part * part
                }
            }
            norm = max(norm, sum.sum().squareRoot())
        }
        guard norm <= Self.maximumNorm else { return nil }
        self.norm = norm
        self.dimension = dimension
        words = [UInt32](unsafeUninitializedCapacity: values.count / 2) { words, count in
            values.withUnsafeBufferPointer { values in
                for index in 0..<values.count / 2 {
                    let even = (values[2 * index].bitPattern &+ 0x8000) >> 16
                    words[index] = even | (values[2 * index + 1].bitPattern &+ 0x8000) & 0xFFFF_0000
                }
            }
            count = values.count / 2
        }
    }

    /// The maximum absolute error of an approximate dot product; nil if the query's norm is too large.
    func error(for query: [Float]) -> Float? {
        let queryNorm = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard queryNorm <= Self.maximumNorm else { return nil }
        // The factor of 1.1 covers the rounding of the sums.
        return 0x1p-9 * 1.1 * norm * queryNorm + 1e-6
    }

    /// Writes the approximate `rows[r] . query` for each `r` of `range` to `results`, one after the other.
    ///
    /// - Parameter query: `[dimension]`, from ``deinterleaved(_:)``.
    func compute(query: UnsafePointer<Float>, range: Range<Int>, results: UnsafeMutablePointer<Float>) {
        let even = UnsafeRawPointer(query)
        let odd = UnsafeRawPointer(query + dimension / 2)
        words.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            for row in range {
                let values = base + 2 * row * dimension
                var evenSums = Lanes.zero
                var oddSums = Lanes.zero
                var offset = 0
                for _ in 0..<dimension / Self.width {
                    let pairs = values.loadUnaligned(fromByteOffset: offset, as: Words.self)
                    evenSums +=
                        unsafeBitCast(pairs &<< 16, to: Lanes.self)
                        * even.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
                    oddSums +=
                        unsafeBitCast(pairs & 0xFFFF_0000, to: Lanes.self)
                        * odd.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
                    offset += 2 * Self.width
                }
                results[row - range.lowerBound] = (evenSums + oddSums).sum()
            }
        }
    }

    /// A query's values at even indices, then those at odd indices.
    static func deinterleaved(_ query: [Float]) -> [Float] {
        stride(from: 0, to: query.count, by: 2).map { query[$0] }
            + stride(from: 1, to: query.count, by: 2).map { query[$0] }
    }
}

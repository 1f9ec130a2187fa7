/// A matrix rounded to bfloat16, two values a word: half the memory traffic, which is what bounds a long search.
///
/// Its dot products only choose the rows that are then computed exactly. Rounding moves a value by at most 2^-9 of
/// itself, so by Cauchy and Schwarz a dot product by at most 2^-9 |row| |query|.
struct RoundedRows: Sendable {
    private typealias Lanes = SIMD8<Float>
    private typealias Words = SIMD8<UInt32>
    /// Values that one step of the inner loop takes.
    private static let width = 16
    /// Longer rows than any unit vector: beyond it nothing is promised.
    private static let longest: Float = 16

    private let words: [UInt32]
    private let dimension: Int
    /// The length of the longest row.
    private let norm: Float

    /// nil where the shape or the values do not suit: the caller then computes exactly from the start.
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
        guard norm <= Self.longest else { return nil }
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

    /// How far an approximate product may lie from the exact one; nil where the query is too long to tell.
    func error(for query: [Float]) -> Float? {
        let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length <= Self.longest else { return nil }
        // A tenth more than rounding gives: the sums round too.
        return 0x1p-9 * 1.1 * norm * length + 1e-6
    }

    /// Writes the approximate `rows[r] . query` for each `r` of `range` to `results`, one after the other.
    ///
    /// - Parameter query: its even values, then its odd ones: `[dimension]`.
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

    /// A query as ``compute(query:range:results:)`` takes it.
    static func deinterleaved(_ query: [Float]) -> [Float] {
        stride(from: 0, to: query.count, by: 2).map { query[$0] }
            + stride(from: 1, to: query.count, by: 2).map { query[$0] }
    }
}

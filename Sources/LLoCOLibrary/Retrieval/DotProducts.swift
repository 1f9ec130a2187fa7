/// Dot products of one query with the rows of a matrix, float32.
enum DotProducts {
    /// Sixteen partial sums: they fill vector registers of any width and round less than one long sum.
    private typealias Lanes = SIMD16<Float>
    private static let width = 16

    /// Writes `rows[r] . query` for each `r` of `range` to `results`, one after the other.
    ///
    /// A row's result depends only on the row and the query, not on how rows are divided among threads.
    ///
    /// - Parameters:
    ///   - rows: `[count, dimension]`, row-major.
    ///   - query: `[dimension]`.
    static func compute(
        rows: UnsafePointer<Float>, query: UnsafePointer<Float>, dimension: Int, range: Range<Int>,
        results: UnsafeMutablePointer<Float>
    ) {
        let blocks = dimension / width
        let rest = blocks * width
        let rawQuery = UnsafeRawPointer(query)
        for row in range {
            let values = rows + row * dimension
            let rawValues = UnsafeRawPointer(values)
            var sums = Lanes.zero
            var offset = 0
            for _ in 0..<blocks {
                let left = rawValues.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
                let right = rawQuery.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
                sums += left * right
                offset += MemoryLayout<Lanes>.size
            }
            var sum = sums.sum()
            for column in rest..<dimension { sum += values[column] * query[column] }
            results[row - range.lowerBound] = sum
        }
    }
}

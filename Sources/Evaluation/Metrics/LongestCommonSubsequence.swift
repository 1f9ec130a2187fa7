/// Longest common subsequences of two sequences of token numbers, by dynamic programming.
enum LongestCommonSubsequence {
    /// The length of one; time is the product of the two lengths, memory the length of `b`.
    static func length(_ a: [UInt32], _ b: [UInt32]) -> Int {
        var row = [Int32](repeating: 0, count: b.count + 1)
        row.withUnsafeMutableBufferPointer { row in
            b.withUnsafeBufferPointer { b in
                for token in a { advance(row, token, b) { _, _ in } }
            }
        }
        return Int(row[b.count])
    }

    /// Marks the places in `a` of one longest common subsequence with `b`; `marks` has the length of `a`.
    ///
    /// Of several subsequences it takes the one that `rouge-score` takes: read back from the end, a token of `b` is
    /// passed over only where that alone keeps the length. Memory is one byte for each pair of places.
    static func mark(_ a: [UInt32], _ b: [UInt32], in marks: inout [Bool]) {
        guard !a.isEmpty, !b.isEmpty else { return }
        // Whether the way back from (i, j) goes along `b`, for each pair of places.
        let passesB = [Bool](unsafeUninitializedCapacity: a.count * b.count) { passesB, count in
            var row = [Int32](repeating: 0, count: b.count + 1)
            row.withUnsafeMutableBufferPointer { row in
                b.withUnsafeBufferPointer { b in
                    for (i, token) in a.enumerated() {
                        let start = i * b.count
                        advance(row, token, b) { j, isAlongB in passesB.initializeElement(at: start + j, to: isAlongB) }
                    }
                }
            }
            count = a.count * b.count
        }
        var i = a.count - 1
        var j = b.count - 1
        while i >= 0, j >= 0 {
            if a[i] == b[j] {
                marks[i] = true
                i -= 1
                j -= 1
            } else if passesB[i * b.count + j] {
                j -= 1
            } else {
                i -= 1
            }
        }
    }

    /// One row of the table: from the lengths up to the token before to those up to `token`; tells `visit` at each
    /// place of `b` whether the length without that place is the larger one.
    @inline(__always)
    private static func advance(
        _ row: UnsafeMutableBufferPointer<Int32>, _ token: UInt32, _ b: UnsafeBufferPointer<UInt32>,
        visit: (Int, Bool) -> Void
    ) {
        var diagonal: Int32 = 0
        var left: Int32 = 0
        for j in 0..<b.count {
            let above = row[j + 1]
            visit(j, left > above)
            left = b[j] == token ? diagonal + 1 : max(above, left)
            diagonal = above
            row[j + 1] = left
        }
    }
}

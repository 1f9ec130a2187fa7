/// Longest common subsequences of token sequences with a fixed sequence ``other``, computed 64 places at a time.
///
/// Neighbouring values in a row of the length table differ by 0 or 1. A row is therefore one bit per place, and an
/// addition with carry computes the next row. Source: Hyyrö 2004, "Bit-parallel LCS-length computation revisited".
package struct LongestCommonSubsequence {
    /// The sequence that others are compared with.
    package var other: [UInt32] {
        didSet { replaced(oldValue) }
    }

    /// By token: its last place in ``other``, or -1 if it is absent. For a frequent token: -2 - (index of its mask).
    private var lastPlaces: [Int]
    /// By place of ``other``: the previous place of the same token, or -1.
    private var placesBefore: [Int] = []
    /// By token: the number of its occurrences in ``other``.
    private var counts: [Int]
    /// Place bit masks of the tokens that occur more often than a row has words, one token after the other.
    private var masks: [UInt64] = []
    /// Maximum memory of the rows cached for backtracking, in bytes; above it, blocks of rows are computed twice.
    private let rowBytes: Int

    /// - Parameter vocabularySize: upper bound of the token numbers, exclusive
    package init(_ other: [UInt32] = [], vocabularySize: Int, rowBytes: Int = 32 << 20) {
        self.other = other
        self.rowBytes = rowBytes
        lastPlaces = Array(repeating: -1, count: vocabularySize)
        counts = Array(repeating: 0, count: vocabularySize)
        replaced([])
    }

    private mutating func replaced(_ old: [UInt32]) {
        for token in old {
            lastPlaces[Int(token)] = -1
            counts[Int(token)] = 0
        }
        placesBefore.removeAll(keepingCapacity: true)
        masks.removeAll(keepingCapacity: true)
        for token in other { counts[Int(token)] += 1 }
        for (place, token) in other.enumerated() {
            let token = Int(token)
            if counts[token] <= wordCount {
                placesBefore.append(lastPlaces[token])
                lastPlaces[token] = place
            } else {
                // At most 64 tokens are so frequent.
                placesBefore.append(-1)
                if lastPlaces[token] == -1 {
                    lastPlaces[token] = -2 - masks.count / wordCount
                    masks.append(contentsOf: repeatElement(0, count: wordCount))
                }
                masks[(-2 - lastPlaces[token]) * wordCount + place >> 6] |= 1 << UInt64(place & 63)
            }
        }
    }

    private var wordCount: Int { (other.count + 63) / 64 }

    // MARK: Length

    /// The length of the longest common subsequence with `sequence`.
    ///
    /// Time is the product of the two lengths divided by 64; memory is linear in the length of ``other``.
    package func length(with sequence: [UInt32]) -> Int {
        var row = emptyRow
        var mask = [UInt64](repeating: 0, count: row.count)
        row.withUnsafeMutableBufferPointer { row in
            mask.withUnsafeMutableBufferPointer { mask in
                for token in sequence { advance(row, token, mask) }
            }
        }
        return Self.length(row[...], upTo: other.count)
    }

    /// The row of the empty sequence. A 0 bit means that the length grows at that place; bits past the end stay 1.
    private var emptyRow: [UInt64] {
        Array(repeating: .max, count: wordCount)
    }

    /// Turns the row of a sequence into the row of the sequence plus `token`. `mask` is all 0 before and after.
    private func advance(
        _ row: UnsafeMutableBufferPointer<UInt64>, _ token: UInt32, _ mask: UnsafeMutableBufferPointer<UInt64>
    ) {
        var place = lastPlaces[Int(token)]
        if place < -1 {
            masks.withUnsafeBufferPointer { masks in
                let start = (-2 - place) * row.count
                var carry: UInt64 = 0
                for word in 0..<row.count { Self.advance(&row[word], masks[start + word], &carry) }
            }
            return
        }
        var first = 0
        while place >= 0 {
            first = place >> 6
            mask[first] |= 1 << UInt64(place & 63)
            place = placesBefore[place]
        }
        guard lastPlaces[Int(token)] >= 0 else { return }
        var carry: UInt64 = 0
        for word in first..<row.count {
            Self.advance(&row[word], mask[word], &carry)
            mask[word] = 0
        }
    }

    @inline(__always)
    private static func advance(_ bits: inout UInt64, _ mask: UInt64, _ carry: inout UInt64) {
        let (sum, overflow) = bits.addingReportingOverflow(bits & mask)
        let (carried, second) = sum.addingReportingOverflow(carry)
        bits = carried | (bits & ~mask)
        carry = overflow || second ? 1 : 0
    }

    private static func length(_ row: ArraySlice<UInt64>, upTo place: Int) -> Int {
        let whole = place >> 6
        var length = 0
        for word in row.prefix(whole) { length += (~word).nonzeroBitCount }
        let rest = place & 63
        if rest > 0 { length += (~row[row.startIndex + whole] & (1 << UInt64(rest) - 1)).nonzeroBitCount }
        return length
    }

    // MARK: Places

    /// Marks the places in `sequence` of a longest common subsequence; `marks` has the length of `sequence`.
    ///
    /// Of several subsequences it marks the one that backtracking from the ends finds with the tie-breaking rule `tie`.
    package func mark(_ sequence: [UInt32], in marks: inout [Bool], tie: Tie = .skipSequence) {
        // Nothing to do unless an unmarked token occurs in both sequences.
        guard sequence.indices.contains(where: { !marks[$0] && counts[Int(sequence[$0])] > 0 }) else { return }
        var rows = Rows(of: self, sequence)
        var left = Self.length(rows[sequence.count], upTo: other.count)
        var i = sequence.count
        var j = other.count
        // The length without the last token of `sequence`.
        var above = left > 0 ? Self.length(rows[i - 1], upTo: j) : 0
        while left > 0 {
            if sequence[i - 1] == other[j - 1] {
                marks[i - 1] = true
                left -= 1
                i -= 1
                j -= 1
                if left > 0 { above = Self.length(rows[i - 1], upTo: j) }
                continue
            }
            let keepsWithoutPlace = !Self.grows(rows[i], at: j - 1)
            if keepsWithoutPlace, tie == .skipOther || above < left {
                if Self.grows(rows[i - 1], at: j - 1) { above -= 1 }
                j -= 1
            } else {
                i -= 1
                above = Self.length(rows[i - 1], upTo: j)
            }
        }
    }

    /// The token to skip while backtracking, if skipping either keeps the length.
    package enum Tie {
        /// The token of the marked sequence, as in the `rouge-score` package.
        case skipSequence
        /// The token of ``other``, as in the `rouge` package.
        case skipOther
    }

    private static func grows(_ row: ArraySlice<UInt64>, at place: Int) -> Bool {
        row[row.startIndex + place >> 6] & 1 << UInt64(place & 63) == 0
    }

    /// The rows of all prefixes of a sequence, read from the last to the first.
    ///
    /// If the rows exceed the memory limit, only the first row of each block is cached, and a block is recomputed when
    /// it is needed. Memory then grows with the square root of the sequence's length.
    private struct Rows {
        private let subsequence: LongestCommonSubsequence
        private let sequence: [UInt32]
        private let words: Int
        private let blockSize: Int
        private var starts: [UInt64] = []
        private var cached: [UInt64] = []
        /// The number of the first cached row.
        private var first = 0

        init(of subsequence: LongestCommonSubsequence, _ sequence: [UInt32]) {
            self.subsequence = subsequence
            self.sequence = sequence
            let row = subsequence.emptyRow
            words = row.count
            let rowsThatFit = subsequence.rowBytes / (8 * words)
            blockSize =
                sequence.count < rowsThatFit
                ? sequence.count : max(1, Int(Double(sequence.count).squareRoot()))
            cached = row
            for start in stride(from: 0, to: sequence.count, by: blockSize) {
                let row = cached.suffix(words)
                starts.append(contentsOf: row)
                fill(from: start, row)
            }
        }

        private mutating func fill(from start: Int, _ row: ArraySlice<UInt64>) {
            first = start
            let end = min(start + blockSize, sequence.count)
            var rows = Array(row)
            rows.append(contentsOf: repeatElement(0, count: (end - start) * words))
            var mask = [UInt64](repeating: 0, count: words)
            rows.withUnsafeMutableBufferPointer { rows in
                mask.withUnsafeMutableBufferPointer { mask in
                    for (number, token) in sequence[start..<end].enumerated() {
                        let next = UnsafeMutableBufferPointer(
                            rebasing: rows[((number + 1) * words)..<((number + 2) * words)])
                        for word in 0..<words { next[word] = rows[number * words + word] }
                        subsequence.advance(next, token, mask)
                    }
                }
            }
            cached = rows
        }

        subscript(index: Int) -> ArraySlice<UInt64> {
            mutating get {
                if index < first {
                    let number = index / blockSize
                    fill(from: number * blockSize, starts[(number * words)..<((number + 1) * words)])
                }
                let place = (index - first) * words
                return cached[place..<(place + words)]
            }
        }
    }
}

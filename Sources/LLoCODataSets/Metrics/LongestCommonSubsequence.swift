/// Longest common subsequences of sequences of token numbers with one of them, ``other``; 64 places at a time.
///
/// A row of the table of lengths differs from one place to the next by 0 or 1, so that a row is one bit a place, and an
/// addition with carry makes the next row. Source: Hyyrö 2004, "Bit-parallel LCS-length computation revisited".
package struct LongestCommonSubsequence {
    /// The sequence that others are compared with.
    package var other: [UInt32] {
        didSet { replaced(oldValue) }
    }

    /// By token: its last place in ``other``; -1 where it has none. Of a frequent one, -2 less the number of its mask.
    private var lastPlaces: [Int]
    /// By place of ``other``: the place before of the same token, or -1.
    private var placesBefore: [Int] = []
    /// By token: how often ``other`` has it.
    private var counts: [Int]
    /// The places, as bits, of tokens that are more frequent than a row has words, one token after the other.
    private var masks: [UInt64] = []
    /// Memory that the rows kept on the way back may take; above it, stretches of rows are computed twice.
    private let rowBytes: Int

    /// - Parameter vocabularySize: more than every token number
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
                // At most 64 tokens are that frequent.
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

    /// The length of one with `sequence`.
    ///
    /// Time is the product of the two lengths over 64, and memory the length of ``other``.
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

    /// The row of the empty sequence. A bit is 0 where the length grows with that place; those past the end stay 1.
    private var emptyRow: [UInt64] {
        Array(repeating: .max, count: wordCount)
    }

    /// From the row of a sequence to that of the sequence with `token` after it; `mask` is all 0 before and after.
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

    /// Marks the places in `sequence` of one with it; `marks` has the length of `sequence`.
    ///
    /// Of several it takes the one that is found from the ends of both, passing over tokens as `tie` says.
    package func mark(_ sequence: [UInt32], in marks: inout [Bool], tie: Tie = .passSequence) {
        // What else could be marked is in both.
        guard sequence.indices.contains(where: { !marks[$0] && counts[Int(sequence[$0])] > 0 }) else { return }
        var rows = Rows(of: self, sequence)
        var left = Self.length(rows[sequence.count], upTo: other.count)
        var i = sequence.count
        var j = other.count
        // The length for one token of `sequence` less.
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
            if keepsWithoutPlace, tie == .passOther || above < left {
                if Self.grows(rows[i - 1], at: j - 1) { above -= 1 }
                j -= 1
            } else {
                i -= 1
                above = Self.length(rows[i - 1], upTo: j)
            }
        }
    }

    /// Which token is passed over, on the way back, where passing over either keeps the length.
    package enum Tie {
        /// The token of the sequence whose places are marked, as by the `rouge-score` package.
        case passSequence
        /// The token of ``other``, as by the `rouge` package.
        case passOther
    }

    private static func grows(_ row: ArraySlice<UInt64>, at place: Int) -> Bool {
        row[row.startIndex + place >> 6] & 1 << UInt64(place & 63) == 0
    }

    /// The rows of all beginnings of a sequence, asked for from the last to the first.
    ///
    /// Where they are too many they are kept a stretch at a time, made again from the first row of the stretch, so that
    /// memory grows with the square root of the sequence's length.
    private struct Rows {
        private let subsequence: LongestCommonSubsequence
        private let sequence: [UInt32]
        private let words: Int
        private let stretch: Int
        private var starts: [UInt64] = []
        private var kept: [UInt64] = []
        /// The number of the first row that is kept.
        private var first = 0

        init(of subsequence: LongestCommonSubsequence, _ sequence: [UInt32]) {
            self.subsequence = subsequence
            self.sequence = sequence
            let row = subsequence.emptyRow
            words = row.count
            let rowsThatFit = subsequence.rowBytes / (8 * words)
            stretch =
                sequence.count < rowsThatFit
                ? sequence.count : max(1, Int(Double(sequence.count).squareRoot()))
            kept = row
            for start in stride(from: 0, to: sequence.count, by: stretch) {
                let row = kept.suffix(words)
                starts.append(contentsOf: row)
                fill(from: start, row)
            }
        }

        private mutating func fill(from start: Int, _ row: ArraySlice<UInt64>) {
            first = start
            let end = min(start + stretch, sequence.count)
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
            kept = rows
        }

        subscript(index: Int) -> ArraySlice<UInt64> {
            mutating get {
                if index < first {
                    let number = index / stretch
                    fill(from: number * stretch, starts[(number * words)..<((number + 1) * words)])
                }
                let place = (index - first) * words
                return kept[place..<(place + words)]
            }
        }
    }
}

import LLoCOBase
import LLoCODataSets
import Testing

@Suite struct LongestCommonSubsequenceTests {
    /// The table of lengths with backtracking as in the Python packages.
    private struct Table {
        let a: [UInt32]
        let b: [UInt32]
        let lengths: [[Int]]

        init(_ a: [UInt32], _ b: [UInt32]) {
            var lengths = Array(repeating: Array(repeating: 0, count: b.count + 1), count: a.count + 1)
            for i in a.indices {
                for j in b.indices {
                    lengths[i + 1][j + 1] = a[i] == b[j] ? lengths[i][j] + 1 : max(lengths[i][j + 1], lengths[i + 1][j])
                }
            }
            (self.a, self.b, self.lengths) = (a, b, lengths)
        }

        func marks(_ tie: LongestCommonSubsequence.Tie) -> [Bool] {
            var marks = Array(repeating: false, count: a.count)
            var (i, j) = (a.count, b.count)
            while i > 0, j > 0 {
                let (along, across) = (lengths[i][j - 1], lengths[i - 1][j])
                if a[i - 1] == b[j - 1] {
                    marks[i - 1] = true
                    (i, j) = (i - 1, j - 1)
                } else if along > across || (along == across && tie == .skipOther) {
                    j -= 1
                } else {
                    i -= 1
                }
            }
            return marks
        }
    }

    /// A random sequence of few distinct tokens, so that many subsequences have the same length.
    private static func sequence(_ random: inout SplitMix64, count: Int, vocabulary: UInt32) -> [UInt32] {
        (0..<count).map { _ in UInt32.random(in: 0..<vocabulary, using: &random) }
    }

    /// Lengths and places agree with the table.
    @Test(arguments: [1, 2, 3, 7, 40])
    func table(vocabulary: UInt32) {
        var random = SplitMix64(seed: UInt64(vocabulary))
        let lengths = [0, 1, 2, 5, 20, 63, 64, 65, 127, 128, 129, 200]
        for first in lengths {
            for second in lengths {
                let a = Self.sequence(&random, count: first, vocabulary: vocabulary)
                let b = Self.sequence(&random, count: second, vocabulary: vocabulary)
                let table = Table(a, b)
                // With memory for all rows, some rows, and no rows.
                for rowBytes in [1 << 20, 400, 0] {
                    let subsequence = LongestCommonSubsequence(
                        b, vocabularySize: Int(vocabulary), rowBytes: rowBytes)
                    #expect(subsequence.length(with: a) == table.lengths[first][second])
                    for tie in [LongestCommonSubsequence.Tie.skipSequence, .skipOther] {
                        var marks = Array(repeating: false, count: first)
                        subsequence.mark(a, in: &marks, tie: tie)
                        #expect(marks == table.marks(tie), "\(first) with \(second), \(rowBytes) bytes, \(tie)")
                    }
                }
            }
        }
    }

    /// One instance can be used for several sequences, and new marks are added to existing ones.
    @Test func reuse() {
        var subsequence = LongestCommonSubsequence([0, 1, 2], vocabularySize: 4)
        var marks = [false, false, false, true]
        subsequence.mark([2, 3, 1, 0], in: &marks)
        let first = marks
        subsequence.other = [3]
        #expect(subsequence.length(with: [0, 1, 2]) == 0)
        subsequence.mark([2, 3, 1, 0], in: &marks)
        #expect(first.count { $0 } == 2 && marks == first.indices.map { first[$0] || $0 == 1 })
    }

    /// Two texts of a hundred thousand words need neither minutes nor gigabytes.
    @Test func long() {
        var random = SplitMix64(seed: 1)
        let a = Self.sequence(&random, count: 100_000, vocabulary: 5_000)
        let b = Array(a.dropFirst(1_000))
        let subsequence = LongestCommonSubsequence(b, vocabularySize: 5_000)
        #expect(subsequence.length(with: a) == 99_000)
        var marks = Array(repeating: false, count: a.count)
        subsequence.mark(a, in: &marks)
        #expect(marks.count { $0 } == 99_000)
    }
}

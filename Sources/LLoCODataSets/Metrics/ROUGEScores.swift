import Foundation

/// The ROUGE F-measures of one answer, 0…1 (Lin 2004, "ROUGE").
public struct ROUGEScores: Hashable, Sendable {
    /// Overlap of single tokens.
    public var rouge1: Double
    /// Overlap of pairs of neighbouring tokens.
    public var rouge2: Double
    /// Longest common subsequence over the whole text.
    public var rougeL: Double
    /// Summary level: the union of the longest common subsequences of each reference line with the answer's lines.
    public var rougeLsum: Double

    /// Creates scores; default 0.
    public init(rouge1: Double = 0, rouge2: Double = 0, rougeL: Double = 0, rougeLsum: Double = 0) {
        self.rouge1 = rouge1
        self.rouge2 = rouge2
        self.rougeL = rougeL
        self.rougeLsum = rougeLsum
    }

    /// The cube root of the product of ``rouge1``, ``rouge2`` and ``rougeL``: SCROLLS' metric for summaries.
    public var geometricMean: Double { cbrt(rouge1 * rouge2 * rougeL) }

    /// Sets each measure to the larger value: `rouge-score` picks the best reference for each measure separately.
    mutating func formMaximum(_ other: ROUGEScores) {
        rouge1 = max(rouge1, other.rouge1)
        rouge2 = max(rouge2, other.rouge2)
        rougeL = max(rougeL, other.rougeL)
        rougeLsum = max(rougeLsum, other.rougeLsum)
    }
}

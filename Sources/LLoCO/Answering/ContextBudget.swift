/// How many positions of a context stand for documents, and how many of these are text: the rest are vectors.
public struct ContextBudget: Hashable, Sendable {
    public var positions: Int
    /// Of the positions at most this share is text, 0...1.
    public var textShare: Double

    /// The share where none is asked for. Chosen on FairytaleQA's validation stories, see `Docs/experiments.md`.
    public static let usualTextShare = 2.0 / 3
    /// Tokens of the documents for each position where no budget is asked for: as many as vectors alone would be.
    public static let usualRatio = 30

    public init(positions: Int, textShare: Double = usualTextShare) {
        self.positions = positions
        self.textShare = textShare
    }

    /// A thirtieth of the documents' tokens.
    public static func usualPositions(for tokens: Int) -> Int {
        max(1, (tokens + usualRatio - 1) / usualRatio)
    }

    /// How many of each segment's vectors are read under a budget.
    ///
    /// Where not all fit, half of the positions go to all segments in proportion to their vectors, so that the documents
    /// are there as a whole, and the rest to the segments that the question is about.
    ///
    /// - Parameters:
    ///   - counts: each segment's vectors
    ///   - favoured: places of the segments that the question is about, best first
    ///   - positions: how many vectors there may be together
    /// - Returns: as many numbers as `counts`, whose sum is the lesser of `positions` and that of `counts`
    package static func vectors(of counts: [Int], favoured: [Int], positions: Int) -> [Int] {
        let total = counts.reduce(0, +)
        guard positions < total else { return counts }
        var given = shares(of: counts, favoured.isEmpty ? positions : positions / 2)
        var left = positions - given.reduce(0, +)
        for index in favoured where left > 0 {
            let more = min(counts[index] - given[index], left)
            given[index] += more
            left -= more
        }
        // What the favoured cannot take goes to all again.
        return zip(given, shares(of: zip(counts, given).map { $0 - $1 }, left)).map { $0 + $1 }
    }

    /// `positions` divided in proportion to `counts`, rounded so that the sum is right (the largest remainders go up).
    private static func shares(of counts: [Int], _ positions: Int) -> [Int] {
        let total = counts.reduce(0, +)
        guard total > 0 else { return counts }
        var given = counts.map { $0 * positions / total }
        let remainders = counts.indices.sorted {
            let (a, b) = (counts[$0] * positions % total, counts[$1] * positions % total)
            return a != b ? a > b : $0 < $1
        }
        for index in remainders.prefix(positions - given.reduce(0, +)) { given[index] += 1 }
        return given
    }
}

/// How many positions of a context stand for documents, and how many of these are text: the rest are vectors.
public struct ContextBudget: Hashable, Sendable {
    /// Positions that may stand for a question's documents, vectors and text together
    public var positions: Int
    /// Of the positions at most this share is text, 0...1; nil where the question decides.
    public var textShare: Double?
    /// Places that the model's window has for them, and how vectors take places; nil for no limit
    package var window: Window?

    /// A token of text takes one place of a model's window, a vector as many as the head has that keeps the most.
    package struct Window: Hashable, Sendable {
        package let places: Int
        package let reading: VectorReading

        package init(places: Int, reading: VectorReading) {
            (self.places, self.reading) = (places, reading)
        }
    }

    /// The same budget where the model's window has room for no more.
    package func fitting(_ window: Window) -> ContextBudget {
        var budget = self
        (budget.positions, budget.window) = (min(positions, window.places), window)
        return budget
    }

    /// The share where a question asks about the whole
    private static let shareForTheWhole = 0.2

    /// How many positions there may be: a number, or one for every so many tokens of the documents.
    public enum Size: Hashable, Sendable, LosslessStringConvertible {
        case positions(Int)
        case oneOf(tokens: Int)

        /// As many as vectors alone would be by default
        public static let usual = Size.oneOf(tokens: 30)
        private static let largest = 1 << 20

        /// `100`, or `1/30`: 1 to 1,048,576 each
        public init?(_ description: String) {
            let parts = description.split(separator: "/", omittingEmptySubsequences: false)
            guard let last = parts.last.flatMap({ Int($0) }), 1...Self.largest ~= last else { return nil }
            switch parts.count {
            case 1: self = .positions(last)
            case 2 where parts[0] == "1": self = .oneOf(tokens: last)
            default: return nil
            }
        }

        public var description: String {
            switch self {
            case .positions(let count): "\(count)"
            case .oneOf(let tokens): "1/\(tokens)"
            }
        }

        /// The positions for documents of so many tokens together, at least one.
        public func positions(for tokens: Int) -> Int {
            switch self {
            case .positions(let count): count
            case .oneOf(let ratio): max(1, (tokens + ratio - 1) / ratio)
            }
        }
    }

    /// A budget that the question decides about by default.
    public init(positions: Int, textShare: Double? = nil) {
        self.positions = positions
        self.textShare = textShare
    }

    /// The positions that text may take: where the question decides, all of them for a detail. At a thirtieth of the
    /// positions an adapter answers better from text than from text and vectors (`Docs/experiments.md` 26).
    func text(for kind: QuestionKind) -> Int {
        let share = textShare ?? (kind == .detail ? 1 : Self.shareForTheWhole)
        return Int(Double(max(0, positions)) * min(1, max(0, share)))
    }

    /// How many vectors are requested beside `text` tokens of text, and how many of them the window holds.
    package func vectors(beside text: Int) -> (asked: Int, fitting: Int) {
        let asked = positions - text
        return (asked, min(asked, window.map { $0.reading.vectors(in: max(0, $0.places - text)) } ?? asked))
    }

    /// How many of each segment's vectors are read under a budget.
    ///
    /// Where not all fit, half of the positions go to all segments in proportion to their vectors, so that the documents
    /// are there as a whole, and the rest to the segments that the question is about.
    ///
    /// - Parameters:
    ///   - counts: each segment's vectors
    ///   - favoured: places of the segments that the question is about, best first
    ///   - positions: how many vectors there may be together; fewer than none are none
    /// - Returns: as many numbers as `counts`, whose sum is the lesser of `positions` and that of `counts`
    package static func vectors(of counts: [Int], favoured: [Int], positions: Int) -> [Int] {
        let total = counts.reduce(0, +)
        guard positions < total else { return counts }
        let positions = max(0, positions)
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

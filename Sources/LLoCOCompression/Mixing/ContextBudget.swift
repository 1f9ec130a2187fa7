/// The number of context positions for documents, and the maximum share of text among them. The rest are vectors.
public struct ContextBudget: Hashable, Sendable {
    /// Maximum number of positions for a question's documents, vectors and text together
    public var positions: Int
    /// Maximum share of text, 0...1; nil (the default) to choose it by the question
    public var textShare: Double?
    /// The space that the model's window has for them; nil for no limit
    package var window: Window?

    /// Space in a model's window. A token of text takes one place, a vector ``VectorReading/positions(of:)``.
    package struct Window: Hashable, Sendable {
        package let places: Int
        package let reading: VectorReading

        package init(places: Int, reading: VectorReading) {
            (self.places, self.reading) = (places, reading)
        }
    }

    /// The same budget, limited to a model's window.
    package func fitting(_ window: Window) -> ContextBudget {
        var budget = self
        (budget.positions, budget.window) = (min(positions, window.places), window)
        return budget
    }

    /// The text share for a question about the documents as a whole
    private static let overviewTextShare = 0.2

    /// The number of positions: fixed, or one per n tokens of the documents.
    public enum Size: Hashable, Sendable, LosslessStringConvertible {
        /// A fixed number
        case positions(Int)
        /// One position per `tokens` tokens of the documents
        case oneOf(tokens: Int)

        /// The default, one per 30 tokens: the default number of vectors
        public static let usual = Size.oneOf(tokens: 30)
        private static let maximum = 1 << 20

        /// Parses `100` or `1/30`; both numbers may be 1 to 1,048,576. nil for anything else.
        public init?(_ description: String) {
            let parts = description.split(separator: "/", omittingEmptySubsequences: false)
            guard let last = parts.last.flatMap({ Int($0) }), 1...Self.maximum ~= last else { return nil }
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

        /// The number of positions for documents of `tokens` tokens together, at least one.
        public func positions(for tokens: Int) -> Int {
            switch self {
            case .positions(let count): count
            case .oneOf(let ratio): max(1, (tokens + ratio - 1) / ratio)
            }
        }
    }

    /// Creates a budget; by default the question determines the text share.
    public init(positions: Int, textShare: Double? = nil) {
        self.positions = positions
        self.textShare = textShare
    }

    /// The maximum number of positions for text. Without a ``textShare`` a question about a detail gets all: with a
    /// thirtieth of the positions an adapter answers better from text than from text and vectors
    /// (`Docs/experiments.md` 26).
    func text(for kind: QuestionKind) -> Int {
        let share = textShare ?? (kind == .detail ? 1 : Self.overviewTextShare)
        return Int(Double(max(0, positions)) * min(1, max(0, share)))
    }

    /// The number of vectors requested beside `text` tokens of text, and the number of these that fit the window.
    package func vectors(beside text: Int) -> (requested: Int, fitting: Int) {
        let requested = positions - text
        return (
            requested, min(requested, window.map { $0.reading.vectors(in: max(0, $0.places - text)) } ?? requested)
        )
    }

    /// Distributes a budget over segments.
    ///
    /// If not all vectors fit, half of the positions go to all segments in proportion to their vectors, to cover the
    /// documents as a whole. The rest goes to the segments that the question is about.
    ///
    /// - Parameters:
    ///   - counts: each segment's number of vectors
    ///   - favoured: indices of the segments that the question is about, best first
    ///   - positions: maximum number of vectors together; a negative number counts as 0
    /// - Returns: each segment's number of vectors; their sum is the smaller of `positions` and the sum of `counts`
    package static func vectors(of counts: [Int], favoured: [Int], positions: Int) -> [Int] {
        let total = counts.reduce(0, +)
        guard positions < total else { return counts }
        let positions = max(0, positions)
        var allotted = shares(of: counts, favoured.isEmpty ? positions : positions / 2)
        var remaining = positions - allotted.reduce(0, +)
        for index in favoured where remaining > 0 {
            let added = min(counts[index] - allotted[index], remaining)
            allotted[index] += added
            remaining -= added
        }
        // Positions that the favoured segments cannot use go to all segments again.
        return zip(allotted, shares(of: zip(counts, allotted).map { $0 - $1 }, remaining)).map { $0 + $1 }
    }

    /// Divides `positions` in proportion to `counts` (largest remainder method).
    private static func shares(of counts: [Int], _ positions: Int) -> [Int] {
        let total = counts.reduce(0, +)
        guard total > 0 else { return counts }
        var allotted = counts.map { $0 * positions / total }
        let remainders = counts.indices.sorted {
            let (a, b) = (counts[$0] * positions % total, counts[$1] * positions % total)
            return a != b ? a > b : $0 < $1
        }
        for index in remainders.prefix(positions - allotted.reduce(0, +)) { allotted[index] += 1 }
        return allotted
    }
}

/// How a compressor cuts a text and what it carries from segment to segment. Stored with every vector.
public struct CompressionScheme: Sendable, Hashable, Codable, CustomStringConvertible {
    /// What a segment sees of those before it.
    public enum Carry: String, Sendable, Codable, CaseIterable {
        /// the vectors of all segments before it: the AutoCompressor's way, and LLoCO's
        case accumulated
        /// the vectors of the segment just before it
        case newest
        /// nothing: every segment is compressed for itself
        case independent
    }

    /// Tokens of the text in a segment; the last one may have fewer.
    public var segmentTokens: Int
    /// Vectors that stand for a segment, also for a short one.
    public var summaryTokens: Int
    public var carry: Carry

    public init(segmentTokens: Int = 1536, summaryTokens: Int = 50, carry: Carry = .accumulated) {
        self.segmentTokens = segmentTokens
        self.summaryTokens = summaryTokens
        self.carry = carry
    }

    /// "accumulated-1536-50"
    public var description: String { "\(carry.rawValue)-\(segmentTokens)-\(summaryTokens)" }

    /// Cuts a text of `count` tokens.
    public func segments(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: segmentTokens).map { $0..<min($0 + segmentTokens, count) }
    }
}

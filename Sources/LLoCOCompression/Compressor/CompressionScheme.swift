import Foundation

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

    /// What a vector is.
    public enum Form: String, Sendable, Codable, CaseIterable {
        /// the hidden state at a summary position, read as an input embedding: the AutoCompressor's way, and LLoCO's
        case embeddings
        /// the keys and values of a summary position in all layers, as in 500xCompressor (Li et al. 2024)
        case keysAndValues = "keys-and-values"
    }

    /// What a summary position is given to begin with.
    public enum SummaryInput: String, Sendable, Codable, CaseIterable {
        /// an embedding of its own, the published way
        case learned
        /// the embedding of one of the segment's tokens, those that the model expects least in the text's order, plus one
        /// learned embedding that all share; there may be any number of them
        case picked
        /// there are no summary positions: the vectors are the keys and values of the segment's own tokens, in every head
        /// those that its queries attend to most (``Llama/attendedKeysAndValues(of:last:queries:kept:)``). Nothing has to be
        /// learned for that; keys and values alone can be had so
        case attended
    }

    /// Where the compressor's adapter is on.
    public enum AdapterScope: String, Sendable, Codable, CaseIterable {
        /// at every position, while text is compressed and while vectors are read: the published way
        case everywhere
        /// while text is compressed: vectors are read by the model as it is
        case compressing
        /// at the summary positions alone: text is read, and vectors too, by the model as it is
        case summaries
    }

    /// Tokens of the text in a segment; the last one may have fewer.
    public var segmentTokens: Int
    /// Vectors that stand for a segment of `segmentTokens`; see ``vectors(of:)`` for a shorter one.
    public var summaryTokens: Int
    /// So many vectors, or fewer, are read with their whole weight: a segment's, as the compressor was trained or measured.
    /// It stays where other numbers of vectors are asked for. It is how vectors are read, not what they are: it is neither
    /// stored nor part of the description. See ``logWeight(of:)``.
    public private(set) var wholeWeightVectors: Int
    public var carry: Carry
    public var form: Form
    public var summaryInput: SummaryInput
    public var adapterScope: AdapterScope

    public init(
        segmentTokens: Int = 1536, summaryTokens: Int = 50, carry: Carry = .accumulated, form: Form = .embeddings,
        summaryInput: SummaryInput = .learned, adapterScope: AdapterScope = .everywhere
    ) {
        self.segmentTokens = segmentTokens
        self.summaryTokens = summaryTokens
        wholeWeightVectors = summaryTokens
        self.carry = carry
        self.form = form
        self.summaryInput = summaryInput
        self.adapterScope = adapterScope
    }

    private enum CodingKeys: String, CodingKey {
        case segmentTokens, summaryTokens, carry, form, summaryInput, adapterScope
    }

    /// What a checkpoint does not say is the published way.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            segmentTokens: try fields.decode(Int.self, forKey: .segmentTokens),
            summaryTokens: try fields.decode(Int.self, forKey: .summaryTokens),
            carry: try fields.decode(Carry.self, forKey: .carry),
            form: try fields.decodeIfPresent(Form.self, forKey: .form) ?? .embeddings,
            summaryInput: try fields.decodeIfPresent(SummaryInput.self, forKey: .summaryInput) ?? .learned,
            adapterScope: try fields.decodeIfPresent(AdapterScope.self, forKey: .adapterScope) ?? .everywhere)
    }

    /// "accumulated-1536-50", and whatever is not the published way: "independent-1536-50-keys-and-values-picked-summaries"
    public var description: String {
        var parts = [carry.rawValue, "\(segmentTokens)", "\(summaryTokens)"]
        if form != .embeddings { parts.append(form.rawValue) }
        if summaryInput != .learned { parts.append(summaryInput.rawValue) }
        if adapterScope != .everywhere { parts.append(adapterScope.rawValue) }
        return parts.joined(separator: "-")
    }

    /// Whether all but the sizes and the carry is the AutoCompressor's way.
    var isPublished: Bool { form == .embeddings && summaryInput == .learned && adapterScope == .everywhere }

    /// Whether a continuation is learned the published way: whole rows, whose segments are read after all vectors before them.
    package var hasPublishedContinuation: Bool { isPublished && carry == .accumulated }

    /// Rows of the learned summary embeddings.
    package var learnedRows: Int {
        switch summaryInput {
        case .learned: summaryTokens
        case .picked: 1
        case .attended: 0
        }
    }

    /// What the fields say together, where nothing can be so.
    package var contradiction: String? {
        guard summaryInput == .attended, form != .keysAndValues else { return nil }
        return "summaryInput attended needs the form keys-and-values"
    }

    /// What is added to the scores of `count` vectors' keys where they are read, so that attention to them all stays what it
    /// is to those of one segment at the compressor's own ratio. Attended ones drew most of their segment's attention and
    /// would draw more than it did where they stand side by side, the more so the more segments there are
    /// (`Docs/experiments.md` 14).
    public func logWeight(of count: Int) -> Double {
        guard summaryInput == .attended else { return 0 }
        return -log(max(1, Double(count) / Double(wholeWeightVectors)))
    }

    /// The vectors of a segment of `count` tokens: attended ones in proportion, else as many for a short segment as for a
    /// whole one.
    public func vectors(of count: Int) -> Int {
        guard summaryInput == .attended else { return summaryTokens }
        return min(count, (count * summaryTokens + segmentTokens - 1) / segmentTokens)
    }

    /// The vectors of a whole text of `count` tokens.
    public func vectors(ofText count: Int) -> Int {
        segments(of: count).reduce(0) { $0 + vectors(of: $1.count) }
    }

    /// Cuts a text of `count` tokens.
    public func segments(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: segmentTokens).map { $0..<min($0 + segmentTokens, count) }
    }
}

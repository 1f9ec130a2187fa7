package import LLoCOModels

/// How a compressor cuts a text, what it carries from segment to segment, and by which method segments become vectors.
/// Stored with every vector.
public struct CompressionScheme: Sendable, Hashable, CustomStringConvertible {
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
    /// Vectors that stand for a segment of `segmentTokens`; see ``vectors(of:)`` for a shorter one.
    public var summaryTokens: Int
    /// What a segment sees of those before it
    public var carry: Carry
    /// How a segment's tokens become vectors
    public var method: CompressionMethod

    /// The published values are the defaults.
    public init(
        segmentTokens: Int = 1536, summaryTokens: Int = 50, carry: Carry = .accumulated,
        method: CompressionMethod = .autoCompressor
    ) {
        self.segmentTokens = segmentTokens
        self.summaryTokens = summaryTokens
        self.carry = carry
        self.method = method
    }

    /// "accumulated-1536-50", and whatever is not the published way:
    /// "independent-1536-50-keys-and-values-picked-summaries"
    public var description: String {
        var parts = [carry.rawValue, "\(segmentTokens)", "\(summaryTokens)"]
        if segmentCompressor.form != .embeddings { parts.append(segmentCompressor.form.rawValue) }
        if segmentCompressor.summaryInput != .learned { parts.append(segmentCompressor.summaryInput.rawValue) }
        if segmentCompressor.adapterScope != .everywhere { parts.append(segmentCompressor.adapterScope.rawValue) }
        if segmentCompressor.selection != nil { parts.append("selected") }
        return parts.joined(separator: "-")
    }

    /// What makes a segment's vectors.
    package var segmentCompressor: any SegmentCompressor { method.segmentCompressor }

    /// The method where a continuation is learned the published way: of whole rows, each segment's text is predicted
    /// while it is compressed, after the vectors of all before it. nil where what follows is read after vectors alone.
    package var publishedContinuation: AutoCompressor? {
        carry == .accumulated ? segmentCompressor as? AutoCompressor : nil
    }

    /// The same where heads keep what a selection says; only of attended keys and values.
    package func selecting(_ selection: HeadSelection?) throws -> CompressionScheme {
        var scheme = self
        scheme.method = try CompressionMethod(
            form: segmentCompressor.form, summaryInput: segmentCompressor.summaryInput,
            adapterScope: segmentCompressor.adapterScope, selection: selection)
        return scheme
    }

    /// Whether an adapter takes part anywhere; attended keys and values need none.
    package var hasAdapter: Bool {
        segmentCompressor.summaryInput != .attended || segmentCompressor.adapterScope != .summaries
    }

    /// Rows of the learned summary embeddings.
    package var learnedRows: Int { segmentCompressor.learnedRows(summaryTokens: summaryTokens) }

    /// How the vectors are read.
    ///
    /// - Parameter limit: ``VectorReading/unscaledVectorLimit`` of a method that scales; nil for `summaryTokens`
    package func reading(unscaledVectorLimit limit: Int? = nil) -> VectorReading {
        VectorReading(
            form: segmentCompressor.form,
            unscaledVectorLimit: segmentCompressor.isScaledToOneSegment ? limit ?? summaryTokens : nil,
            selection: segmentCompressor.selection)
    }

    /// The vectors of a segment of `count` tokens.
    public func vectors(of count: Int) -> Int {
        segmentCompressor.vectors(of: count, segmentTokens: segmentTokens, summaryTokens: summaryTokens)
    }

    /// The most vectors that a segment of `count` tokens can have.
    package func vectorLimit(of count: Int) -> Int {
        segmentCompressor.vectorLimit(tokens: count, summaryTokens: summaryTokens)
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

extension CompressionScheme: Codable {
    private enum CodingKeys: String, CodingKey {
        case segmentTokens, summaryTokens, carry, form, summaryInput, adapterScope
    }

    /// What a checkpoint does not say is the published way. A selection of heads has a file of its own.
    ///
    /// - Throws: `ModelError` where what it says together is no method.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            segmentTokens: try fields.decode(Int.self, forKey: .segmentTokens),
            summaryTokens: try fields.decode(Int.self, forKey: .summaryTokens),
            carry: try fields.decode(Carry.self, forKey: .carry),
            method: try CompressionMethod(
                form: fields.decodeIfPresent(VectorForm.self, forKey: .form) ?? .embeddings,
                summaryInput: fields.decodeIfPresent(CompressionMethod.SummaryInput.self, forKey: .summaryInput)
                    ?? .learned,
                adapterScope: fields.decodeIfPresent(AdapterScope.self, forKey: .adapterScope) ?? .everywhere))
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(segmentTokens, forKey: .segmentTokens)
        try fields.encode(summaryTokens, forKey: .summaryTokens)
        try fields.encode(carry, forKey: .carry)
        try fields.encode(segmentCompressor.form, forKey: .form)
        try fields.encode(segmentCompressor.summaryInput, forKey: .summaryInput)
        try fields.encode(segmentCompressor.adapterScope, forKey: .adapterScope)
    }
}

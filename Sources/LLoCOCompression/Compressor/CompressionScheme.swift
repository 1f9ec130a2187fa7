package import LLoCOModels

/// How a compressor splits a text into segments, what it carries from segment to segment, and its compression method.
/// The scheme is stored with every vector.
public struct CompressionScheme: Sendable, Hashable, CustomStringConvertible {
    /// The earlier vectors that a segment attends to while it is compressed.
    public enum Carry: String, Sendable, Codable, CaseIterable {
        /// Those of all earlier segments, as in AutoCompressor and LLoCO
        case accumulated
        /// Those of the previous segment
        case newest
        /// None: every segment is compressed on its own
        case independent
    }

    /// Tokens per segment; the last segment may have fewer.
    public var segmentTokens: Int
    /// Vectors per segment of `segmentTokens`; see ``vectors(of:)`` for a shorter one.
    public var summaryTokens: Int
    /// The earlier vectors that a segment attends to
    public var carry: Carry
    /// The method that makes vectors of a segment's tokens
    public var method: CompressionMethod

    /// Creates a scheme; the defaults are the published values.
    public init(
        segmentTokens: Int = 1536, summaryTokens: Int = 50, carry: Carry = .accumulated,
        method: CompressionMethod = .autoCompressor
    ) {
        self.segmentTokens = segmentTokens
        self.summaryTokens = summaryTokens
        self.carry = carry
        self.method = method
    }

    /// The scheme's name in stored vectors' identities: "accumulated-1536-50" with the published method, else also the
    /// choices that differ from it: "independent-1536-50-keys-and-values-picked-summaries".
    public var description: String {
        var parts = [carry.rawValue, "\(segmentTokens)", "\(summaryTokens)"]
        if segmentCompressor.form != .embeddings { parts.append(segmentCompressor.form.rawValue) }
        if segmentCompressor.summaryInput != .learned { parts.append(segmentCompressor.summaryInput.rawValue) }
        if segmentCompressor.adapterScope != .everywhere { parts.append(segmentCompressor.adapterScope.rawValue) }
        if segmentCompressor.selection != nil { parts.append("selected") }
        return parts.joined(separator: "-")
    }

    /// The implementation of ``method``.
    package var segmentCompressor: any SegmentCompressor { method.segmentCompressor }

    /// The method if the objective `continuation` trains as published: over whole rows, each segment's text is
    /// predicted while it is compressed, after the vectors of all earlier segments. nil if a continuation is predicted
    /// from vectors alone.
    package var publishedContinuation: AutoCompressor? {
        carry == .accumulated ? segmentCompressor as? AutoCompressor : nil
    }

    /// The same scheme with a head selection.
    ///
    /// - Throws: `ModelError` unless the method is attended keys and values.
    package func selecting(_ selection: HeadSelection?) throws -> CompressionScheme {
        var scheme = self
        scheme.method = try CompressionMethod(
            form: segmentCompressor.form, summaryInput: segmentCompressor.summaryInput,
            adapterScope: segmentCompressor.adapterScope, selection: selection)
        return scheme
    }

    /// Whether the method uses an adapter at any position.
    package var hasAdapter: Bool {
        segmentCompressor.summaryInput != .attended || segmentCompressor.adapterScope != .summaries
    }

    /// Rows of the learned summary embeddings.
    package var learnedRows: Int { segmentCompressor.learnedRows(summaryTokens: summaryTokens) }

    /// How a model attends to the vectors.
    ///
    /// - Parameter limit: ``VectorReading/unscaledVectorLimit`` if the method scales; nil for `summaryTokens`
    package func reading(unscaledVectorLimit limit: Int? = nil) -> VectorReading {
        VectorReading(
            form: segmentCompressor.form,
            unscaledVectorLimit: segmentCompressor.isScaledToOneSegment ? limit ?? summaryTokens : nil,
            selection: segmentCompressor.selection)
    }

    /// The number of vectors for a segment of `count` tokens.
    public func vectors(of count: Int) -> Int {
        segmentCompressor.vectors(of: count, segmentTokens: segmentTokens, summaryTokens: summaryTokens)
    }

    /// The maximum number of vectors for a segment of `count` tokens.
    package func vectorLimit(of count: Int) -> Int {
        segmentCompressor.vectorLimit(tokens: count, summaryTokens: summaryTokens)
    }

    /// The number of vectors for a text of `count` tokens.
    public func vectors(ofText count: Int) -> Int {
        segments(of: count).reduce(0) { $0 + vectors(of: $1.count) }
    }

    /// The token ranges of the segments of a text of `count` tokens.
    public func segments(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: segmentTokens).map { $0..<min($0 + segmentTokens, count) }
    }
}

extension CompressionScheme: Codable {
    private enum CodingKeys: String, CodingKey {
        case segmentTokens, summaryTokens, carry, form, summaryInput, adapterScope
    }

    /// Decodes a scheme; missing method fields keep the published values. A head selection has a separate file.
    ///
    /// - Throws: `ModelError` if the fields' combination is not a method.
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

import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
import LLoCOModels
import LLoCOTorch

/// A measure of how much information about a long text's continuation a compressor's vectors keep.
///
/// In every condition, the same raw tokens stand right before the scored ones, so that recency does not count as
/// memory. The context before them is empty, the text, its vectors, or as many of its tokens as there are vectors
/// (those with the highest surprisal). The vectors of another text show the effect that is not memory: a style that the
/// compressor has learned from its training data. Every condition begins with the same start as an answer before any
/// vector (one ordinary token in the form of keys and values).
public struct CompressorMeasure: Sendable {
    /// Number of raw tokens right before the scored ones, in every condition.
    public let recentTokens: Int
    /// Number of scored tokens at a text's end.
    public let scoredTokens: Int

    /// Mean -log p per scored token of a text, in nats.
    public struct Losses: Sendable, Equatable, Encodable {
        /// Loss with only the recent tokens.
        public var none: Double
        /// Loss after the segments' text, or after its last part if it does not fit the context window.
        public var full: Double
        /// Loss after the segments' vectors.
        public var compressed: Double
        /// Loss after as many of the segments' tokens as there are vectors, selected by surprisal, in text order.
        public var extract: Double
        /// Loss after the vectors of another text; nil without another text.
        public var foreign: Double?
        /// Number of context tokens in `full`; less than the segments' if they do not fit the context window.
        public var fullTokens: Int

        /// Creates the losses of one text, in nats per token.
        public init(
            none: Double, full: Double, compressed: Double, extract: Double, foreign: Double? = nil, fullTokens: Int
        ) {
            self.none = none
            self.full = full
            self.compressed = compressed
            self.extract = extract
            self.foreign = foreign
            self.fullTokens = fullTokens
        }

        enum CodingKeys: String, CodingKey {
            case none, full, compressed, extract, foreign
            case fullTokens = "full_tokens"
        }
    }

    /// One text's losses, by the number of segments before the recent tokens.
    public struct Outcome: Sendable {
        /// Baselines without an adapter.
        public var plain: [Int: Losses] = [:]
        /// Baselines (`none`, `full`, `extract`) with the compressor's adapter.
        public var adapted: [Int: Losses] = [:]

        /// Creates an outcome without losses.
        public init() {}
    }

    /// A text to measure, for use with a single measure. It caches its vectors, which are used for the text itself and
    /// as foreign vectors for other texts.
    public final class Text {
        /// The text's token ids.
        public let ids: [Int]
        /// By the number of compressed tokens, which end where the raw tokens begin.
        fileprivate var vectors: [Int: SegmentVectors] = [:]

        /// Creates a text without cached vectors.
        public init(_ ids: [Int]) { self.ids = ids }

        /// Frees the cached vectors; they are recomputed on demand.
        public func forgetVectors() { vectors = [:] }
    }

    private let compressor: Compressor
    private var decoder: Llama { compressor.decoder }

    /// Creates a measure.
    ///
    /// - Parameters:
    ///   - recentTokens: number of raw tokens before the scored ones; default 128
    ///   - scoredTokens: number of scored tokens; default 512
    /// - Throws: `ModelError` if the raw tokens do not fit the context window.
    public init(_ compressor: Compressor, recentTokens: Int = 128, scoredTokens: Int = 512) throws {
        let window = compressor.decoder.configuration.maximumPositions
        guard recentTokens > 0, scoredTokens > 0, recentTokens + scoredTokens < window else {
            throw ModelError(
                .doesNotFit,
                "the measure needs \(recentTokens + scoredTokens) raw tokens of a text, the model's window holds "
                    + "\(window)")
        }
        self.compressor = compressor
        self.recentTokens = recentTokens
        self.scoredTokens = scoredTokens
    }

    /// The number of tokens that a text needs for a number of segments.
    public func tokens(segments: Int) -> Int {
        segments * compressor.scheme.segmentTokens + recentTokens + scoredTokens
    }

    /// Measures one text.
    ///
    /// - Parameters:
    ///   - text: the text; its last tokens are scored, tokens before the segments are ignored
    ///   - counts: numbers of segments
    ///   - other: another text with at least as many tokens as the maximum count needs
    ///   - onSegment: called after each segment
    /// - Throws: `ModelError` if a count needs more tokens than the text has, or more positions than the window holds.
    public func losses(
        of text: Text, segments counts: [Int], beside other: Text? = nil, onSegment: () throws -> Void = {}
    ) throws -> Outcome {
        let size = compressor.scheme.segmentTokens
        let tail = recentTokens + scoredTokens
        guard let maximum = counts.max(), counts.allSatisfy({ $0 > 0 }), text.ids.count >= tokens(segments: maximum)
        else {
            throw ModelError(
                .invalid, "a text of \(text.ids.count) tokens, expected \(tokens(segments: counts.max() ?? 1)) or more")
        }
        guard other?.ids.count ?? .max >= tokens(segments: maximum) else {
            throw ModelError(
                .invalid,
                "another text of \(other?.ids.count ?? 0) tokens, expected \(tokens(segments: maximum)) or more")
        }
        let rawTokens = Array(text.ids.suffix(tail))
        let segmentTokens = Array(text.ids.dropLast(tail).suffix(maximum * size))
        let window = decoder.configuration.maximumPositions
        return try withoutGradients {
            let start = try emptyContext().count
            var extracts: [[Int]] = []
            for start in stride(from: 0, to: segmentTokens.count, by: size) {
                let segment = Array(segmentTokens[start..<start + size])
                let places = try Surprisal.greatest(
                    compressor.scheme.summaryTokens, of: Surprisal.values(of: segment, decoder))
                extracts.append(places.map { segment[$0] })
                try onSegment()
            }
            var outcome = Outcome()
            let reading = try compressor.readingAdapters
            // The baselines use the adapter that is active for text, whether or not vectors are read with it.
            let textAdapters = try compressor.textAdapters
            let adapterSets = textAdapters.list.isEmpty ? [ActiveAdapters.none] : [.none, textAdapters]
            let none = try adapterSets.map { try loss(after: [], rawTokens, $0) }
            let vectors = try vectors(of: text, segments: counts)
            let foreignVectors = try other.map { try self.vectors(of: $0, segments: counts) }
            func compressed(_ vectors: SegmentVectors) throws -> Double {
                let context = try compressor.context(
                    vectors.to(decoder.dtype, device: decoder.device), adapters: reading)
                return try loss(cache: context, rawTokens, reading)
            }
            // Cached by length: once the window is full, every number of segments has the same text.
            var full: [Int: [Double]] = [:]
            for count in Set(counts).sorted() {
                let contextTokens = Array(segmentTokens.suffix(count * size))
                for _ in 0..<count { try onSegment() }
                let compressedLoss = try compressed(vectors[count]!)
                let foreignLoss = try foreignVectors.map { try compressed($0[count]!) }
                let seen = contextTokens.suffix(window - tail - start)
                let whole = try full[seen.count] ?? adapterSets.map { try loss(after: seen, rawTokens, $0) }
                full[seen.count] = whole
                for (index, adapters) in adapterSets.enumerated() {
                    let losses = Losses(
                        none: none[index], full: whole[index], compressed: compressedLoss,
                        extract: try loss(after: extracts.suffix(count).flatMap { $0 }, rawTokens, adapters),
                        foreign: foreignLoss, fullTokens: seen.count)
                    if index == 0 { outcome.plain[count] = losses }
                    if index == adapterSets.count - 1 { outcome.adapted[count] = losses }
                }
            }
            return outcome
        }
    }

    /// The vectors of a text's last segments, by number of segments.
    private func vectors(of text: Text, segments counts: [Int]) throws -> [Int: SegmentVectors] {
        let scheme = compressor.scheme
        let ids = text.ids.dropLast(recentTokens + scoredTokens)
        func made(of count: Int) throws -> SegmentVectors {
            let tokens = count * scheme.segmentTokens
            if let vectors = text.vectors[tokens] { return vectors }
            let vectors = try compressor.compress(Array(ids.suffix(tokens)))
            text.vectors[tokens] = vectors
            return vectors
        }
        // Independent segments have the same vectors for every number of segments.
        let all = scheme.carry == .independent ? try made(of: counts.max()!) : nil
        return try Dictionary(
            uniqueKeysWithValues: Set(counts).map { count in
                try (count, all.map { try $0.last(count * scheme.summaryTokens) } ?? made(of: count))
            })
    }

    private func loss(
        after ids: some Collection<Int>, _ rawTokens: [Int], _ adapters: ActiveAdapters
    ) throws -> Double {
        try loss(cache: emptyContext(), Array(ids) + rawTokens, adapters)
    }

    /// The context before any vector.
    private func emptyContext() throws -> KeyValueCache {
        try compressor.context(compressor.noVectors(), adapters: .none)
    }

    /// The mean loss of the scored tokens.
    ///
    /// - Parameters:
    ///   - cache: the context
    ///   - ids: the tokens after the context; the last ones are scored
    private func loss(cache: KeyValueCache, _ ids: [Int], _ adapters: ActiveAdapters) throws -> Double {
        let hidden = try decoder.hiddenStates(
            decoder.embed(ids), cache: cache, adapters: adapters, last: scoredTokens + 1)[0]
        let sum = try decoder.crossEntropy(
            hidden.narrowed(0, start: 0, length: scoredTokens), targets: Array(ids.suffix(scoredTokens)))
        guard sum.isFinite else { throw ModelError.nonFiniteLogits(decoder.dtype) }
        return sum / Double(scoredTokens)
    }
}

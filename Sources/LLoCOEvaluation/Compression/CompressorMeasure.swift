import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
import LLoCOModels
import LLoCOTorch

/// How much a compressor's vectors keep of what a long text tells a model about its continuation.
///
/// In every condition the same tokens of raw text stand right before the scored ones, so that recency does not pass for
/// memory. Before those stand nothing, the text itself, its vectors, or as many of its own tokens as there are vectors,
/// those that the model expects least. The vectors of another text tell what vectors bring that is no memory: a manner of
/// writing that the compressor has learned from what it was trained on. What an answer begins with before any vector (one
/// ordinary token in the form of keys and values) stands first in all of them.
public struct CompressorMeasure: Sendable {
    /// Tokens of raw text right before the scored ones, in every condition
    public let recentTokens: Int
    /// Tokens at a text's end that losses are the mean of
    public let scoredTokens: Int

    /// Mean -log p of a text's scored tokens, nats.
    public struct Losses: Sendable, Equatable, Encodable {
        /// Nothing stands before the recent tokens.
        public var none: Double
        /// The text of the segments, its last part where the window does not hold all of it.
        public var full: Double
        /// Their vectors.
        public var compressed: Double
        /// As many of their tokens as there are vectors, picked by surprisal, in the text's order.
        public var extract: Double
        /// The vectors of another text; nil where there is none.
        public var foreign: Double?
        /// Tokens of the text that `full` read: fewer than the segments have where the window does not hold them.
        public var fullTokens: Int

        /// Losses of one text, nats a token.
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
        /// Read by the model as it is.
        public var plain: [Int: Losses] = [:]
        /// Nothing, the text and its extract read with the compressor's adapter on.
        public var adapted: [Int: Losses] = [:]

        /// No losses yet.
        public init() {}
    }

    /// A text to measure with, for one measure alone. It keeps the vectors that were made of it: they are its own, and
    /// another text's beside others.
    public final class Text {
        /// The text's tokens
        public let ids: [Int]
        /// By how many tokens, the last ones before those that are read raw, they were made of
        fileprivate var vectors: [Int: SegmentVectors] = [:]

        /// A text of these tokens, of which no vectors are made yet.
        public init(_ ids: [Int]) { self.ids = ids }

        /// Frees the vectors that are kept; they are made again where they are needed.
        public func forgetVectors() { vectors = [:] }
    }

    private let compressor: Compressor
    private var decoder: Llama { compressor.decoder }

    /// - Throws: `ModelError` where the model's window does not hold what is read raw.
    public init(_ compressor: Compressor, recentTokens: Int = 128, scoredTokens: Int = 512) throws {
        let window = compressor.decoder.configuration.maximumPositions
        guard recentTokens > 0, scoredTokens > 0, recentTokens + scoredTokens < window else {
            throw ModelError(
                .doesNotFit,
                "the measure reads \(recentTokens + scoredTokens) tokens of a text as they are, the model's window holds "
                    + "\(window)")
        }
        self.compressor = compressor
        self.recentTokens = recentTokens
        self.scoredTokens = scoredTokens
    }

    /// The tokens of a text that a measure with so many segments needs.
    public func tokens(segments: Int) -> Int {
        segments * compressor.scheme.segmentTokens + recentTokens + scoredTokens
    }

    /// Measures one text.
    ///
    /// - Parameters:
    ///   - text: the last of its tokens are scored; those before the segments are not read
    ///   - counts: numbers of segments
    ///   - other: another text, of as many tokens or more as the greatest count needs
    ///   - onSegment: told after each segment that was read
    /// - Throws: `ModelError` where a count needs more tokens than there are, or more positions than the window holds.
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
        let rest = Array(text.ids.suffix(tail))
        let read = Array(text.ids.dropLast(tail).suffix(maximum * size))
        let window = decoder.configuration.maximumPositions
        return try withoutGradients {
            let start = try emptyContext().count
            var picks: [[Int]] = []
            for start in stride(from: 0, to: read.count, by: size) {
                let segment = Array(read[start..<start + size])
                let places = try Surprisal.greatest(
                    compressor.scheme.summaryTokens, of: Surprisal.values(of: segment, decoder))
                picks.append(places.map { segment[$0] })
                try onSegment()
            }
            var outcome = Outcome()
            let reading = try compressor.readingAdapters
            // An adapter that is on while text is read has learned from text, whether vectors are read with it or not.
            let learned = try compressor.textAdapters
            let readers = learned.list.isEmpty ? [ActiveAdapters.none] : [.none, learned]
            let none = try readers.map { try loss(after: [], rest, $0) }
            let vectors = try vectors(of: text, segments: counts)
            let foreignVectors = try other.map { try self.vectors(of: $0, segments: counts) }
            func compressed(_ vectors: SegmentVectors) throws -> Double {
                let context = try compressor.context(
                    vectors.to(decoder.dtype, device: decoder.device), adapters: reading)
                return try loss(cache: context, rest, reading)
            }
            // By length: beyond the window it is the same text for every number of segments.
            var full: [Int: [Double]] = [:]
            for count in Set(counts).sorted() {
                let own = Array(read.suffix(count * size))
                for _ in 0..<count { try onSegment() }
                let compressedLoss = try compressed(vectors[count]!)
                let foreignLoss = try foreignVectors.map { try compressed($0[count]!) }
                let seen = own.suffix(window - tail - start)
                let whole = try full[seen.count] ?? readers.map { try loss(after: seen, rest, $0) }
                full[seen.count] = whole
                for (index, reader) in readers.enumerated() {
                    let losses = Losses(
                        none: none[index], full: whole[index], compressed: compressedLoss,
                        extract: try loss(after: picks.suffix(count).flatMap { $0 }, rest, reader),
                        foreign: foreignLoss, fullTokens: seen.count)
                    if index == 0 { outcome.plain[count] = losses }
                    if index == readers.count - 1 { outcome.adapted[count] = losses }
                }
            }
            return outcome
        }
    }

    /// The vectors of a text's last segments, by how many.
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
        // Segments that see nothing of each other have the same vectors, however many are read.
        let all = scheme.carry == .independent ? try made(of: counts.max()!) : nil
        return try Dictionary(
            uniqueKeysWithValues: Set(counts).map { count in
                try (count, all.map { try $0.last(count * scheme.summaryTokens) } ?? made(of: count))
            })
    }

    private func loss(after ids: some Collection<Int>, _ rest: [Int], _ adapters: ActiveAdapters) throws -> Double {
        try loss(cache: emptyContext(), Array(ids) + rest, adapters)
    }

    /// What comes before any vector.
    private func emptyContext() throws -> KeyValueCache {
        try compressor.context(compressor.noVectors(), adapters: .none)
    }

    /// - Parameters:
    ///   - cache: what stands before
    ///   - ids: the last of them are scored
    private func loss(cache: KeyValueCache, _ ids: [Int], _ adapters: ActiveAdapters) throws -> Double {
        let hidden = try decoder.hiddenStates(
            decoder.embed(ids), cache: cache, adapters: adapters, last: scoredTokens + 1)[0]
        let sum = try decoder.crossEntropy(
            hidden.narrowed(0, start: 0, length: scoredTokens), targets: Array(ids.suffix(scoredTokens)))
        guard sum.isFinite else { throw ModelError.scoresAreNoNumbers(decoder.dtype) }
        return sum / Double(scoredTokens)
    }
}

import LLoCOReports

/// The results of a compressor's measure over texts, for one number of segments.
public struct CompressorFigures: Sendable, Encodable {
    /// Number of segments before the recent tokens.
    public let segments: Int
    /// Number of measured texts.
    public let texts: Int
    /// Mean -log p per scored token without a context, in nats; see ``CompressorMeasure/Losses``.
    public let lossNone: Double
    /// The loss after the segments' text.
    public let lossFull: Double
    /// Number of context tokens in `full`; less than the segments' if they do not fit the context window.
    public let fullTokens: Int
    /// The loss after the segments' vectors.
    public let lossCompressed: Double
    /// The loss after as many of the segments' tokens as there are vectors.
    public let lossExtract: Double
    /// The share of the gap closed by vectors: (none - compressed) / (none - full); 95 % interval from ``gapClosedLow``
    /// to ``gapClosedHigh``.
    public let gapClosed: Double
    /// The lower end of the interval, by bootstrap over texts.
    public let gapClosedLow: Double
    /// The upper end of the interval.
    public let gapClosedHigh: Double
    /// The share of the gap closed by the extract.
    public let gapClosedExtract: Double
    /// The loss after another text's vectors, the part that is not memory; nil if some text had no other text.
    public let lossForeign: Double?
    /// The share of the gap closed by another text's vectors; nil if ``lossForeign`` is nil.
    public let gapClosedForeign: Double?
    /// Each text's losses, in the order of measurement, so that two compressors can be compared by text.
    public let lossesByText: [CompressorMeasure.Losses]

    enum CodingKeys: String, CodingKey {
        case segments, texts
        case lossNone = "loss_none"
        case lossFull = "loss_full"
        case fullTokens = "full_tokens"
        case lossCompressed = "loss_compressed"
        case lossExtract = "loss_extract"
        case gapClosed = "gap_closed"
        case gapClosedLow = "gap_closed_low"
        case gapClosedHigh = "gap_closed_high"
        case gapClosedExtract = "gap_closed_extract"
        case lossForeign = "loss_foreign"
        case gapClosedForeign = "gap_closed_foreign"
        case lossesByText = "losses_by_text"
    }

    /// Computes the figures of the texts measured at `segments`; nil if there are none.
    ///
    /// The baselines run without or with the compressor's adapter, whichever is better over all texts, so that an
    /// adapter's knowledge of a kind of text does not count as memory.
    public init?(_ outcomes: [CompressorMeasure.Outcome], segments: Int, seed: UInt64) {
        let plain = outcomes.compactMap { $0.plain[segments] }
        let adapted = outcomes.compactMap { $0.adapted[segments] }
        guard !plain.isEmpty, plain.count == adapted.count else { return nil }
        func better(_ losses: KeyPath<CompressorMeasure.Losses, Double>) -> [Double] {
            let readers = [plain, adapted].map { $0.map { $0[keyPath: losses] } }
            return readers.min { $0.reduce(0, +) < $1.reduce(0, +) }!
        }
        let columns = [better(\.none), better(\.full), plain.map(\.compressed), better(\.extract)]
        lossesByText = plain.indices.map {
            .init(
                none: columns[0][$0], full: columns[1][$0], compressed: columns[2][$0], extract: columns[3][$0],
                foreign: plain[$0].foreign, fullTokens: plain[$0].fullTokens)
        }
        let means = columns.map { $0.reduce(0, +) / Double($0.count) }
        let bootstrap = Bootstrap(documents: plain.indices.map { "\($0)" }, seed: seed)
        let closed = bootstrap.estimate(columns) { ($0[0] - $0[2]) / ($0[0] - $0[1]) }
        self.segments = segments
        fullTokens = plain[0].fullTokens
        texts = plain.count
        (lossNone, lossFull, lossCompressed, lossExtract) = (means[0], means[1], means[2], means[3])
        gapClosed = closed.mean
        gapClosedLow = closed.low
        gapClosedHigh = closed.high
        gapClosedExtract = (means[0] - means[3]) / (means[0] - means[1])
        let foreign = plain.compactMap(\.foreign)
        lossForeign = foreign.count == plain.count ? foreign.reduce(0, +) / Double(foreign.count) : nil
        gapClosedForeign = lossForeign.map { (means[0] - $0) / (means[0] - means[1]) }
    }
}

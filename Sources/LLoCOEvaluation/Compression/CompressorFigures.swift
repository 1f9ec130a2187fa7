import LLoCOReports

/// What a compressor's measure came to at one number of segments, over texts.
public struct CompressorFigures: Sendable, Encodable {
    /// Segments that stood before the recent tokens
    public let segments: Int
    /// Texts that were measured
    public let texts: Int
    /// Mean -log p of a scored token, nats; see ``CompressorMeasure/Losses``
    public let lossNone: Double
    /// The same after the segments' text
    public let lossFull: Double
    /// Tokens that `full` read: fewer than the segments have where the window does not hold them
    public let fullTokens: Int
    /// The same after their vectors
    public let lossCompressed: Double
    /// The same after as many of their tokens as there are vectors
    public let lossExtract: Double
    /// The share of the gap that vectors close: (none - compressed) / (none - full); 95 % interval from ``gapClosedLow``
    /// to ``gapClosedHigh``
    public let gapClosed: Double
    /// The lower end of the interval, by bootstrap over texts
    public let gapClosedLow: Double
    /// The upper end
    public let gapClosedHigh: Double
    /// The same of the extract.
    public let gapClosedExtract: Double
    /// The same of another text's vectors: what is no memory; nil where a text had none beside it.
    public let lossForeign: Double?
    /// The share of the gap that another text's vectors close; nil as ``lossForeign`` is
    public let gapClosedForeign: Double?
    /// Each text's losses, in the order in which texts were measured: two compressors' can be compared text by text.
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

    /// The figures of the texts that were measured at `segments`; nil where there is none.
    ///
    /// What vectors are compared with is read by the model as it is or with the compressor's adapter, whichever is better
    /// over all texts: an adapter that has learned a kind of text shall not pass for memory.
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

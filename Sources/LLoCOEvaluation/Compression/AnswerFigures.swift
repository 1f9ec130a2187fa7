public import LLoCOReports

/// The results of a compressor's answer measure over questions; intervals are by bootstrap over documents.
public struct AnswerFigures: Sendable, Encodable {
    /// Number of measured questions.
    public let questions: Int
    /// Number of their documents.
    public let documents: Int
    /// Number of skipped questions, which do not fit the context window with their context.
    public let omitted: Int
    /// Mean maximum number of positions per document in `compressed`, `passages` and `hybrid`.
    public let positions: Double
    /// Mean loss per answer token without a context, in nats; see ``AnswerMeasure/Losses``.
    public let lossNone: Double
    /// The loss after the document's vectors.
    public let lossCompressed: Double
    /// The loss after pieces of the document's text.
    public let lossPassages: Double
    /// The loss after vectors and pieces.
    public let lossHybrid: Double
    /// The loss after the document's text.
    public let lossFull: Double
    /// The loss after another document's vectors; nil if some question had none.
    public let lossForeign: Double?
    /// The share of the gap closed by vectors: (none - compressed) / (none - full). All shares are nil if the text does
    /// not make the answers more likely.
    public let gapClosedCompressed: IntervalEstimate?
    /// The share closed by pieces.
    public let gapClosedPassages: IntervalEstimate?
    /// The share closed by vectors and pieces.
    public let gapClosedHybrid: IntervalEstimate?
    /// The share closed by another document's vectors.
    public let gapClosedForeign: IntervalEstimate?
    /// The share closed by vectors minus that closed by another document's vectors.
    public let compressedBeyondForeign: IntervalEstimate?
    /// The share closed by vectors and pieces minus that closed by vectors, paired by question.
    public let hybridBeyondCompressed: IntervalEstimate?
    /// The share closed by vectors and pieces minus that closed by pieces.
    public let hybridBeyondPassages: IntervalEstimate?
    /// The share closed by vectors minus that closed by pieces.
    public let compressedBeyondPassages: IntervalEstimate?
    /// Each question's losses, in the order of measurement, so that two compressors can be compared by question.
    public let lossesByQuestion: [AnswerMeasure.Losses]

    enum CodingKeys: String, CodingKey {
        case questions, documents, omitted, positions
        case lossNone = "loss_none"
        case lossCompressed = "loss_compressed"
        case lossPassages = "loss_passages"
        case lossHybrid = "loss_hybrid"
        case lossFull = "loss_full"
        case lossForeign = "loss_foreign"
        case gapClosedCompressed = "gap_closed_compressed"
        case gapClosedPassages = "gap_closed_passages"
        case gapClosedHybrid = "gap_closed_hybrid"
        case gapClosedForeign = "gap_closed_foreign"
        case compressedBeyondForeign = "compressed_beyond_foreign"
        case hybridBeyondCompressed = "hybrid_beyond_compressed"
        case hybridBeyondPassages = "hybrid_beyond_passages"
        case compressedBeyondPassages = "compressed_beyond_passages"
        case lossesByQuestion = "losses_by_question"
    }

    /// Computes the figures of one or more losses.
    ///
    /// - Parameters:
    ///   - documents: the document of each loss
    ///   - omitted: number of questions that could not be measured
    ///   - seed: seed of the bootstrap
    public init(_ losses: [AnswerMeasure.Losses], documents: [String], omitted: Int, seed: UInt64) {
        let foreign = losses.compactMap(\.foreign)
        let hasForeign = foreign.count == losses.count
        let columns =
            [\AnswerMeasure.Losses.none, \.compressed, \.passages, \.hybrid, \.full].map { path in
                losses.map { $0[keyPath: path] }
            } + (hasForeign ? [foreign] : [])
        let means = columns.map { $0.reduce(0, +) / Double(max(1, $0.count)) }
        let bootstrap = Bootstrap(documents: documents, seed: seed)
        /// The loss difference between two columns as a share of the gap.
        func closed(_ column: Int, beyond other: Int = 0) -> IntervalEstimate? {
            guard means[0] > means[4] else { return nil }
            // A bootstrap sample without a gap would divide by zero.
            return bootstrap.estimate(columns) { ($0[other] - $0[column]) / max(1e-6, $0[0] - $0[4]) }
        }
        questions = losses.count
        self.omitted = omitted
        self.documents = Set(documents).count
        positions = Double(losses.reduce(0) { $0 + $1.positions }) / Double(max(1, losses.count))
        (lossNone, lossCompressed, lossPassages) = (means[0], means[1], means[2])
        (lossHybrid, lossFull) = (means[3], means[4])
        lossForeign = hasForeign ? means[5] : nil
        gapClosedForeign = hasForeign ? closed(5) : nil
        compressedBeyondForeign = hasForeign ? closed(1, beyond: 5) : nil
        gapClosedCompressed = closed(1)
        gapClosedPassages = closed(2)
        gapClosedHybrid = closed(3)
        hybridBeyondCompressed = closed(3, beyond: 1)
        hybridBeyondPassages = closed(3, beyond: 2)
        compressedBeyondPassages = closed(1, beyond: 2)
        lossesByQuestion = losses
    }
}

public import LLoCOReports

/// What a compressor's measure of answers came to over questions; intervals are by bootstrap over documents.
public struct AnswerFigures: Sendable, Encodable {
    /// Questions that were measured
    public let questions: Int
    /// Documents that they are about
    public let documents: Int
    /// Questions that were left out: with their context they do not fit the window
    public let omitted: Int
    /// Mean positions that stand for a document in `compressed`, `passages` and `hybrid`, at most
    public let positions: Double
    /// Mean loss of an answer's token after nothing, nats; see ``AnswerMeasure/Losses``
    public let lossNone: Double
    /// The same after the document's vectors
    public let lossCompressed: Double
    /// The same after pieces of its text
    public let lossPassages: Double
    /// The same after both
    public let lossHybrid: Double
    /// The same after its text
    public let lossFull: Double
    /// The same after another document's vectors; nil where some question had none
    public let lossForeign: Double?
    /// The share of the gap that vectors close: (none - compressed) / (none - full); as the other shares nil where the text
    /// makes the answers no likelier than nothing does
    public let gapClosedCompressed: IntervalEstimate?
    /// The share that pieces close
    public let gapClosedPassages: IntervalEstimate?
    /// The share that both close
    public let gapClosedHybrid: IntervalEstimate?
    /// The share that another document's vectors close
    public let gapClosedForeign: IntervalEstimate?
    /// What vectors close beyond another document's
    public let compressedBeyondForeign: IntervalEstimate?
    /// What both close beyond vectors alone, question by question
    public let hybridBeyondCompressed: IntervalEstimate?
    /// What both close beyond pieces alone
    public let hybridBeyondPassages: IntervalEstimate?
    /// What vectors close beyond pieces
    public let compressedBeyondPassages: IntervalEstimate?
    /// Each question's losses, in the order in which they were measured: two compressors' can be compared question by
    /// question
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

    /// The figures of some losses, one or more.
    ///
    /// - Parameters:
    ///   - documents: which document each is about
    ///   - omitted: questions that could not be measured
    ///   - seed: what the bootstrap draws from
    public init(_ losses: [AnswerMeasure.Losses], documents: [String], omitted: Int, seed: UInt64) {
        let foreign = losses.compactMap(\.foreign)
        let hasForeign = foreign.count == losses.count
        let columns =
            [\AnswerMeasure.Losses.none, \.compressed, \.passages, \.hybrid, \.full].map { path in
                losses.map { $0[keyPath: path] }
            } + (hasForeign ? [foreign] : [])
        let means = columns.map { $0.reduce(0, +) / Double(max(1, $0.count)) }
        let bootstrap = Bootstrap(documents: documents, seed: seed)
        /// Of the gap, what the loss in one column is below that in another.
        func closed(_ column: Int, beyond other: Int = 0) -> IntervalEstimate? {
            guard means[0] > means[4] else { return nil }
            // A draw of documents without a gap has a share without an end.
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

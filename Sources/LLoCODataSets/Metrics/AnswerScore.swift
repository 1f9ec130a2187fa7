/// The scores of one answer, 0…1, each the maximum over the references.
public struct AnswerScore: Hashable, Sendable {
    /// Token F1.
    public var f1: Double
    /// Exact match, 0 or 1.
    public var exactMatch: Double
    /// ROUGE F-measures.
    public var rouge: ROUGEScores

    /// Scores `prediction` against `references`.
    public init(prediction: String, references: [String], scorer: Scorer = .standard, rouge: ROUGE = ROUGE()) {
        let normalized = scorer.normalized(prediction)
        let expected = scorer.normalized(references: references)
        f1 = scorer.f1(normalized, expected)
        exactMatch = expected.contains(normalized) ? 1 : 0
        self.rouge = rouge.score(prediction: prediction, references: references)
    }
}

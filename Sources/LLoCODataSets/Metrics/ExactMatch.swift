/// Exact match: whether an answer equals a reference after the normalization of ``TokenF1``.
public enum ExactMatch {
    /// 1 if `prediction` equals one of `references` after normalization, else 0. Two answers that normalize to nothing
    /// are equal, as in the SQuAD script.
    public static func score(prediction: String, references: [String]) -> Double {
        let prediction = NormalizedAnswer(prediction)
        return references.contains { NormalizedAnswer($0) == prediction } ? 1 : 0
    }
}

/// Exact match of an answer: whether it equals a reference once both are normalised as for ``TokenF1``.
public enum ExactMatch {
    /// 1 if `prediction` equals one of `references` after normalisation, else 0. Two answers of which nothing is left
    /// are equal, as in the SQuAD script.
    public static func score(prediction: String, references: [String]) -> Double {
        let prediction = NormalizedAnswer(prediction)
        return references.contains { NormalizedAnswer($0) == prediction } ? 1 : 0
    }
}

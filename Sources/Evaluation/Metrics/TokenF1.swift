/// Token F1 of an answer: the harmonic mean of precision and recall over bags of normalised tokens.
///
/// Normalisation is that of SQuAD and SCROLLS: lower case, no punctuation, no `a`, `an`, `the`. As in their scripts a
/// pair without a common token scores 0, also when both are empty.
public enum TokenF1 {
    /// The F1 of `prediction` against the reference it fits best, 0…1; 0 without references.
    public static func score(prediction: String, references: [String]) -> Double {
        let prediction = NormalizedAnswer(prediction)
        return references.reduce(0) { max($0, score(prediction, NormalizedAnswer($1))) }
    }

    static func score(_ prediction: NormalizedAnswer, _ reference: NormalizedAnswer) -> Double {
        var remaining: [[UInt8]: Int] = [:]
        for token in reference.tokens { remaining[token, default: 0] += 1 }
        var common = 0
        for token in prediction.tokens {
            if let count = remaining[token], count > 0 {
                remaining[token] = count - 1
                common += 1
            }
        }
        guard common > 0 else { return 0 }
        let precision = Double(common) / Double(prediction.tokens.count)
        let recall = Double(common) / Double(reference.tokens.count)
        return 2 * precision * recall / (precision + recall)
    }
}

/// Token F1: the harmonic mean of precision and recall over bags of normalized tokens.
///
/// Normalization is that of SQuAD and SCROLLS: lower case, no punctuation, no `a`, `an`, `the`. As in their scripts, a
/// pair without a common token scores 0, even if both are empty.
public enum TokenF1 {
    /// The maximum F1 of `prediction` over the references, 0…1; 0 without references.
    public static func score(prediction: String, references: [String]) -> Double {
        score(NormalizedAnswer(prediction), references.map { NormalizedAnswer($0) })
    }

    static func score(_ prediction: NormalizedAnswer, _ references: [NormalizedAnswer]) -> Double {
        var table = TokenTable()
        let predicted = table.numbers(of: prediction.text)
        let references = references.map { table.numbers(of: $0.text) }
        var counts = [Int](repeating: 0, count: table.count)
        for token in predicted { counts[Int(token)] += 1 }
        var best = 0.0
        for expected in references {
            var common = 0
            for token in expected {
                if counts[Int(token)] > 0 { common += 1 }
                counts[Int(token)] -= 1
            }
            for token in expected { counts[Int(token)] += 1 }
            best = max(best, FMeasure.of(hits: common, predicted: predicted.count, expected: expected.count))
        }
        return best
    }
}

/// The harmonic mean of precision and recall.
enum FMeasure {
    /// 0 without a hit, also where one side is empty.
    ///
    /// - Parameters:
    ///   - hits: of the predicted ones, those that are expected
    ///   - predicted, expected: how many there are of each
    static func of(hits: Int, predicted: Int, expected: Int) -> Double {
        guard hits > 0 else { return 0 }
        let precision = Double(hits) / Double(predicted)
        let recall = Double(hits) / Double(expected)
        return 2 * precision * recall / (precision + recall)
    }
}

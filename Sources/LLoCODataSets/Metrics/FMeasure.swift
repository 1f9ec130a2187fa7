/// The harmonic mean of precision and recall.
enum FMeasure {
    /// The F-measure; 0 without a hit, and if either side is empty.
    ///
    /// - Parameters:
    ///   - hits: number of predicted items that are expected
    ///   - predicted, expected: number of predicted and of expected items
    static func of(hits: Int, predicted: Int, expected: Int) -> Double {
        guard hits > 0 else { return 0 }
        let precision = Double(hits) / Double(predicted)
        let recall = Double(hits) / Double(expected)
        return 2 * precision * recall / (precision + recall)
    }
}

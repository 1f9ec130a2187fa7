import Foundation
package import LLoCODataSets

/// A scored answer: scores by metric name, 0...100, and the question's own metric.
package protocol JudgedAnswer {
    var metric: Metric { get }
    var scores: [String: Double] { get }
}

extension EvaluationRecord: JudgedAnswer {}

/// The aggregation of several questions' scores in one metric: the mean, or SCROLLS' figure for summaries, the cube
/// root of the product of the means of ROUGE-1, -2 and -L.
package struct ScoreFigure {
    private let metric: String
    /// Whether some question may be scored by the three means of ROUGE.
    private let hasROUGE: Bool

    /// Creates an aggregation.
    ///
    /// - Parameter metric: a metric's name, or ``EvaluationReport/ownScore`` for each question's own metric
    package init(_ metric: String, of records: some Sequence<some JudgedAnswer>) {
        self.metric = metric
        hasROUGE =
            metric == Metric.rougeGeometricMean.rawValue
            || metric == EvaluationReport.ownScore && records.contains { $0.metric == .rougeGeometricMean }
    }

    /// The values to average: one, or four, of which the first is a plain score and the others are ROUGE. nil if the
    /// question does not have the metric.
    package func terms(of record: some JudgedAnswer) -> [Double]? {
        let own = metric == EvaluationReport.ownScore ? record.metric.rawValue : metric
        guard own == Metric.rougeGeometricMean.rawValue else {
            return record.scores[own].map { hasROUGE ? [$0, 0, 0, 0] : [$0] }
        }
        let rouge = [Metric.rouge1, .rouge2, .rougeL].compactMap { record.scores[$0.rawValue] }
        return rouge.count == 3 ? [0] + rouge : nil
    }

    /// The figure from the means of the terms.
    ///
    /// With questions of both kinds, the figure is the mean of the two kinds' figures, weighted by their numbers of
    /// questions: in means over all questions, the weights cancel.
    static func value(_ means: [Double]) -> Double {
        means.count == 1 ? means[0] : means[0] + cbrt(means[1] * means[2] * means[3])
    }

    /// The figure of the records, without those that lack the metric.
    package func value(of records: [some JudgedAnswer]) -> Double {
        let terms = records.compactMap { self.terms(of: $0) }
        let count = Double(max(1, terms.count))
        return Self.value(
            (0..<(hasROUGE ? 4 : 1)).map { column in terms.reduce(0) { $0 + $1[column] } / count })
    }
}

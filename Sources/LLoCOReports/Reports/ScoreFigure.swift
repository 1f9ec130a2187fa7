import Foundation
package import LLoCODataSets

/// An answer's scores, 0...100 by metric's name, and the metric that is its question's own.
package protocol JudgedAnswer {
    var metric: Metric { get }
    var scores: [String: Double] { get }
}

extension EvaluationRecord: JudgedAnswer {}

/// How the figure of several questions follows from their scores in one metric: as a mean, or as SCROLLS' one figure for
/// summaries, the cube root of the product of the means of ROUGE-1, -2 and -L.
package struct ScoreFigure {
    private let metric: String
    /// Whether a question may be judged by ROUGE's three means.
    private let hasROUGE: Bool

    /// - Parameter metric: a metric's name, or ``EvaluationReport/ownScore`` for each question's own
    package init(_ metric: String, of records: some Sequence<some JudgedAnswer>) {
        self.metric = metric
        hasROUGE =
            metric == Metric.rougeGeometricMean.rawValue
            || metric == EvaluationReport.ownScore && records.contains { $0.metric == .rougeGeometricMean }
    }

    /// What the means are of: one value, or four, of which the first is what is averaged and the others are ROUGE; nil
    /// where the question does not have the metric.
    package func terms(of record: some JudgedAnswer) -> [Double]? {
        let own = metric == EvaluationReport.ownScore ? record.metric.rawValue : metric
        guard own == Metric.rougeGeometricMean.rawValue else {
            return record.scores[own].map { hasROUGE ? [$0, 0, 0, 0] : [$0] }
        }
        let rouge = [Metric.rouge1, .rouge2, .rougeL].compactMap { record.scores[$0.rawValue] }
        return rouge.count == 3 ? [0] + rouge : nil
    }

    /// The figure of the terms' means.
    ///
    /// Where questions of both kinds are mixed, it is the mean of the two kinds' figures, weighted by their questions: in
    /// means over all questions the weights cancel.
    static func value(_ means: [Double]) -> Double {
        means.count == 1 ? means[0] : means[0] + cbrt(means[1] * means[2] * means[3])
    }

    /// The figure of these questions; those without the metric do not count.
    package func value(of records: [some JudgedAnswer]) -> Double {
        let terms = records.compactMap { self.terms(of: $0) }
        let count = Double(max(1, terms.count))
        return Self.value(
            (0..<(hasROUGE ? 4 : 1)).map { column in terms.reduce(0) { $0 + $1[column] } / count })
    }
}

import Foundation
public import LLoCO

extension EvaluationReport {
    /// The figures of records: every mode on the same questions.
    ///
    /// A question that has not been asked in every mode is left out of all figures, so that modes can be compared.
    public init(settings: Settings, modes: [AnswerMode], malformed: [MalformedRecord], records: [EvaluationRecord]) {
        var byMode: [AnswerMode: [String: EvaluationRecord]] = [:]
        for record in records { byMode[record.mode, default: [:]][record.id] = record }
        let common = records.filter { $0.mode == modes.first }
            .filter { record in modes.allSatisfy { byMode[$0]?[record.id] != nil } }
        let bootstrap = Bootstrap(documents: common.map(\.document), seed: settings.seed)
        // The questions' own figures first, then those that every question has.
        var metrics = Metric.allCases.filter { metric in common.contains { $0.metric == metric } }.map(\.rawValue)
        if metrics.count > 1 { metrics.insert(Self.ownScore, at: 0) }
        if common.contains(where: { $0.scores[Metric.accuracyByLikelihood.rawValue] != nil }) {
            metrics.append(Metric.accuracyByLikelihood.rawValue)
        }
        for metric in [Metric.f1, .em, .rouge1, .rouge2, .rougeL, .rougeLsum]
        where !metrics.contains(metric.rawValue) && !common.isEmpty {
            metrics.append(metric.rawValue)
        }
        if !common.isEmpty { metrics.append(Metric.rougeGeometricMean.rawValue) }
        func values(_ mode: AnswerMode, _ metric: String) -> [Double] {
            common.map { own in
                let record = byMode[mode]![own.id]!
                return metric == Self.ownScore ? record.score : record.scores[metric] ?? 0
            }
        }
        var results: [ModeResult] = []
        for mode in modes {
            let own = common.map { byMode[mode]![$0.id]! }
            var scores: [String: Estimate] = [:]
            for metric in metrics {
                scores[metric] =
                    metric == Metric.rougeGeometricMean.rawValue
                    ? Self.geometricMean(
                        [Metric.rouge1, .rouge2, .rougeL].map { values(mode, $0.rawValue) }, bootstrap)
                    : bootstrap.mean(values(mode, metric))
            }
            let count = Double(max(1, own.count))
            let tokens = own.reduce(0) { $0 + $1.documentTokens }
            results.append(
                ModeResult(
                    mode: mode, questions: own.count, scores: scores,
                    contextTokens: Double(own.reduce(0) { $0 + $1.contextTokens }) / count,
                    secondsPerQuestion: own.reduce(0) { $0 + $1.seconds.total } / count,
                    cutQuestions: Double(own.filter { $0.cutTokens > 0 }.count) / count,
                    cutTokens: Double(own.reduce(0) { $0 + $1.cutTokens }) / Double(max(1, tokens))))
        }
        var comparisons: [Comparison] = []
        for (index, first) in modes.enumerated() {
            for second in modes[(index + 1)...] {
                for metric in metrics where metric != Metric.rougeGeometricMean.rawValue {
                    let differences = zip(values(first, metric), values(second, metric)).map { $0 - $1 }
                    comparisons.append(
                        Comparison(
                            metric: metric, first: first, second: second, difference: bootstrap.mean(differences),
                            p: bootstrap.permutationTest(differences)))
                }
            }
        }
        self.init(
            settings: settings, metrics: metrics, modes: results, comparisons: comparisons, malformed: malformed,
            records: records)
    }

    /// The name under which questions of several metrics are averaged, each by its own.
    public static let ownScore = "score"

    /// SCROLLS' one figure for summaries: of means, so a resampling draws the questions of all three at once.
    private static func geometricMean(_ rouges: [[Double]], _ bootstrap: Bootstrap) -> Estimate {
        func figure(_ questions: [Int]) -> Double {
            cbrt(
                rouges.reduce(1) { product, values in
                    product * questions.reduce(0) { $0 + values[$1] } / Double(max(1, questions.count))
                })
        }
        let (low, high) = bootstrap.interval(figure)
        return Estimate(mean: figure(Array(rouges[0].indices)), low: low, high: high)
    }
}

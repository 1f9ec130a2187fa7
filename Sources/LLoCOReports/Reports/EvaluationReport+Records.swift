public import LLoCOBase
public import LLoCODataSets

extension EvaluationReport {
    /// Computes the report of records.
    ///
    /// All modes are compared on the same questions: a question that was not asked in every mode is excluded from all
    /// figures. A metric's figure covers the questions that have the metric.
    public init(
        settings: Settings, modes: [AnswerMode], malformed: [MalformedRecord], remarks: [String] = [],
        records: [EvaluationRecord]
    ) {
        var byMode: [AnswerMode: [String: EvaluationRecord]] = [:]
        for record in records { byMode[record.mode, default: [:]][record.id] = record }
        // The same questions in each mode, in the order of the first mode.
        let ids = records.filter { $0.mode == modes.first }.map(\.id)
        let asked = ids.filter { id in modes.allSatisfy { byMode[$0]?[id] != nil } }
        let compared = modes.map { mode in asked.compactMap { byMode[mode]?[$0] } }
        let figures = Self.metrics(of: compared.first ?? []).compactMap {
            MetricFigures($0, compared, modes, seed: settings.seed)
        }
        let results = zip(modes, compared).enumerated().map { place, pair in
            ModeResult(
                pair.0, pair.1,
                scores: Dictionary(uniqueKeysWithValues: figures.map { ($0.metric, $0.scores[place]) }),
                counts: Dictionary(uniqueKeysWithValues: figures.map { ($0.metric, $0.questions) }))
        }
        self.init(
            settings: settings, metrics: figures.map(\.metric), modes: results,
            comparisons: figures.flatMap(\.comparisons), malformed: malformed, remarks: remarks, records: records)
    }

    /// The name of the mean over questions with different metrics, each scored by its own metric.
    public static let ownScore = "score"

    /// The metrics of a report: the questions' own metrics first, then those that every question has.
    package static func metrics(of records: [some JudgedAnswer]) -> [String] {
        guard !records.isEmpty else { return [] }
        var metrics = ownMetrics(of: records)
        let always: [Metric] = [.f1, .em, .rouge1, .rouge2, .rougeL, .rougeLsum, .rougeGeometricMean]
        metrics += always.map(\.rawValue).filter { !metrics.contains($0) }
        return metrics
    }

    /// The questions' own metrics and the supplementary ones that only some questions have.
    package static func ownMetrics(of records: [some JudgedAnswer]) -> [String] {
        let used = Set(records.map(\.metric))
        var metrics = Metric.allCases.filter(used.contains).map(\.rawValue)
        if metrics.count > 1 { metrics.insert(ownScore, at: 0) }
        metrics += Metric.supplementary.filter { !used.contains($0) }.map(\.rawValue).filter { name in
            records.contains { $0.scores[name] != nil }
        }
        return metrics
    }

    /// The questions' own and supplementary metrics among ``metrics``, without those that every question has.
    public var ownMetrics: [String] { Self.ownMetrics(of: records).filter(metrics.contains) }
}

extension EvaluationReport.ModeResult {
    fileprivate init(
        _ mode: AnswerMode, _ records: [EvaluationRecord], scores: [String: EvaluationReport.Estimate],
        counts: [String: Int]
    ) {
        let count = Double(max(1, records.count))
        let tokens = records.reduce(0) { $0 + $1.documentTokens }
        self.init(
            mode: mode, questions: records.count, scores: scores, counts: counts,
            contextTokens: Double(records.reduce(0) { $0 + $1.contextTokens }) / count,
            secondsPerQuestion: records.reduce(0) { $0 + $1.seconds.total } / count,
            cutQuestions: Double(records.filter { $0.cutTokens > 0 }.count) / count,
            cutTokens: Double(records.reduce(0) { $0 + $1.cutTokens }) / Double(max(1, tokens)),
            cutAnswers: records.count { $0.isAnswerCut }, unanswered: records.count { $0.unanswered != nil })
    }
}

/// A metric's figures in all modes and their comparisons.
private struct MetricFigures {
    let metric: String
    /// Number of questions that have the metric in every mode.
    let questions: Int
    /// The figures of the modes, in order.
    let scores: [EvaluationReport.Estimate]
    let comparisons: [EvaluationReport.Comparison]

    /// Computes the figures; nil if no question has the metric.
    ///
    /// - Parameter records: the records of each mode, with the same questions in the same order
    init?(_ metric: String, _ records: [[EvaluationRecord]], _ modes: [AnswerMode], seed: UInt64) {
        let figure = ScoreFigure(metric, of: records.first ?? [])
        let terms = records.map { $0.map(figure.terms) }
        let withMetric = (records.first ?? []).indices.filter { place in terms.allSatisfy { $0[place] != nil } }
        guard let documents = records.first.map({ own in withMetric.map { own[$0].document } }), !withMetric.isEmpty
        else {
            return nil
        }
        let bootstrap = Bootstrap(documents: documents, seed: seed)
        let columns = terms.map { terms in
            let own = withMetric.compactMap { terms[$0] }
            return (own.first ?? []).indices.map { column in own.map { $0[column] } }
        }
        self.metric = metric
        questions = withMetric.count
        scores = columns.map { bootstrap.estimate($0, ScoreFigure.value) }
        var comparisons: [EvaluationReport.Comparison] = []
        for (index, first) in modes.enumerated() {
            for other in modes.indices.dropFirst(index + 1) {
                let width = columns[index].count
                comparisons.append(
                    .init(
                        metric: metric, first: first, second: modes[other], questions: withMetric.count,
                        difference: bootstrap.estimate(columns[index] + columns[other]) { means in
                            ScoreFigure.value(Array(means[..<width])) - ScoreFigure.value(Array(means[width...]))
                        },
                        p: bootstrap.permutationTest(columns[index], columns[other], ScoreFigure.value)))
            }
        }
        self.comparisons = comparisons
    }
}

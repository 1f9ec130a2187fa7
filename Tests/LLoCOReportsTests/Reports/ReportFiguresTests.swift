import Foundation
import LLoCOBase
import LLoCODataSets
import LLoCOReports
import LLoCOTokenizers
import Testing

/// The figures of a report of records.
@Suite struct ReportFiguresTests {
    private func record(
        _ id: Int, _ mode: AnswerMode, _ metric: Metric, _ scores: [Metric: Double], task: String? = nil
    ) -> EvaluationRecord {
        EvaluationRecord(
            id: "q\(id)", document: "d\(id)", mode: mode, question: "Why?", prediction: "So.", answers: ["x"],
            metric: metric, scores: Dictionary(uniqueKeysWithValues: scores.map { ($0.rawValue, $1) }),
            attributes: task.map { ["task": $0] } ?? [:], documentTokens: 10, contextTokens: 4, promptTokens: 8,
            generatedTokens: 2, seconds: .init(retrieve: 0, prefill: 0.1, decode: 0.1, total: 0.2))
    }

    private func report(_ modes: [AnswerMode], _ records: [EvaluationRecord]) -> EvaluationReport {
        EvaluationReport(settings: ReportSample.settings, modes: modes, malformed: [], records: records)
    }

    /// A summary record whose three ROUGE scores depend on its id, times `scale`.
    private func summary(_ id: Int, _ mode: AnswerMode, _ scale: Double) -> EvaluationRecord {
        let (one, two, longest) = (
            scale * Double(20 + id % 7), id % 3 == 0 ? 0 : scale * Double(4 + id % 5), scale * Double(15 + id % 4)
        )
        return record(
            id, mode, .rougeGeometricMean,
            [
                .f1: 10, .em: 0, .rouge1: one, .rouge2: two, .rougeL: longest, .rougeLsum: longest,
                .rougeGeometricMean: cbrt(one * two * longest),
            ], task: "t\(id % 2)")
    }

    private func geometricMean(_ records: [EvaluationRecord]) -> Double {
        cbrt(
            ["rouge1", "rouge2", "rougeL"].reduce(1) { product, name in
                product * records.reduce(0) { $0 + ($1.scores[name] ?? 0) } / Double(records.count)
            })
    }

    /// The figure of summaries is the geometric mean of the three means, in every part of the report.
    @Test func summaries() throws {
        let modes: [AnswerMode] = [.compressed, .none]
        let records = (0..<40).flatMap { [summary($0, .compressed, 1.3), summary($0, .none, 1)] }
        let report = report(modes, records)
        #expect(report.metrics.first == "rouge_geometric_mean")
        #expect(Set(report.metrics).count == report.metrics.count, "each metric once")
        var means: [Double] = []
        for (place, mode) in modes.enumerated() {
            let own = records.filter { $0.mode == mode }
            let figure = try #require(report.modes[place].scores["rouge_geometric_mean"])
            #expect(abs(figure.mean - geometricMean(own)) < 1e-9)
            // Not the mean of the questions' scores, a third of which are zero.
            #expect(figure.mean > 1.2 * own.reduce(0) { $0 + $1.score } / 40)
            #expect(figure.low < figure.mean - 0.1 && figure.high > figure.mean + 0.1)
            means.append(figure.mean)
        }
        let comparison = try #require(report.comparisons.first { $0.metric == "rouge_geometric_mean" })
        #expect(abs(comparison.difference.mean - (means[0] - means[1])) < 1e-9)
        #expect(abs(means[0] - 1.3 * means[1]) < 1e-9)
        #expect(comparison.difference.low > 0 && comparison.difference.high > comparison.difference.low)
        #expect(comparison.p < 0.01)

        let markup = Markup(page: try report.html())
        let rows = markup.texts("tr")
        #expect(rows.contains { $0.hasPrefix("compressed − noneROUGE geometric mean+") })
        #expect(markup.texts("th").filter { $0 == "ROUGE geometric mean" }.count == 1)
        for task in ["t0", "t1"] {
            let figures = modes.map { mode in
                NumberText.fixed(
                    geometricMean(records.filter { $0.mode == mode && $0.attributes["task"] == task }), 1)
            }
            #expect(rows.contains("\(task)20\(figures.joined())"), "\(rows)")
        }
    }

    /// Modes with equal scores do not differ.
    @Test func equalSummaries() throws {
        let records = (0..<12).flatMap { [summary($0, .compressed, 1), summary($0, .none, 1)] }
        let comparison = try #require(report([.compressed, .none], records).comparisons.first)
        #expect(comparison.metric == "rouge_geometric_mean")
        #expect(comparison.difference == .init(mean: 0, low: 0, high: 0) && comparison.p == 1)
    }

    /// A metric's figure covers the questions that have it, and the title gives their number.
    @Test func metricsOfSome() throws {
        var records: [EvaluationRecord] = []
        for mode in [AnswerMode.full, .none] {
            let always: [Metric: Double] = [.em: 0, .rouge1: 6, .rouge2: 0, .rougeL: 6, .rougeLsum: 6]
            for id in 0..<30 { records.append(record(id, mode, .f1, always.merging([.f1: 20]) { $1 })) }
            for id in 30..<40 {
                records.append(record(id, mode, .retrieval, always.merging([.f1: 0, .retrieval: 80]) { $1 }))
            }
        }
        let report = report([.full, .none], records)
        #expect(report.metrics.prefix(3) == ["score", "f1", "retrieval"])
        #expect(report.ownMetrics == ["score", "f1", "retrieval"])
        let mode = report.modes[0]
        #expect(mode.questions == 40)
        #expect(mode.scores["retrieval"]?.mean == 80 && mode.counts["retrieval"] == 10)
        #expect(mode.scores["f1"]?.mean == 15 && mode.counts["f1"] == 40)
        #expect(abs((mode.scores["score"]?.mean ?? 0) - 35) < 1e-9)
        #expect(Markup(page: try report.html()).texts("th").contains("Retrieval (10 questions)"))
    }

    /// In mixed sets, summaries have their own figure, weighted by their number.
    @Test func mixed() throws {
        let summaries = (0..<10).map { summary($0, .none, 1) }
        let others = (10..<40).map { record($0, .none, .f1, [.f1: Double($0)]) }
        let figure = try #require(report([.none], summaries + others).modes[0].scores["score"])
        let mean = others.reduce(0) { $0 + $1.score } / 30
        #expect(abs(figure.mean - (10 * geometricMean(summaries) + 30 * mean) / 40) < 1e-9)
    }

    /// Lengths have the data's unit, and heat maps cover only needles.
    @Test func lengthsAndMaps() throws {
        func report(_ tasks: [String]) -> EvaluationReport {
            ReportSample.report(questions: 16, modes: [.full]) { index in
                ["task": tasks[index % tasks.count], "length": "\(1024 << (index / 8))", "depth": "50"]
            }
        }
        #expect(report(["qa_1"]).needleFigures(ComparedQuestions(report(["qa_1"]))).isEmpty)
        let mixed = report(["qa_1", "niah_single_1"])
        #expect(mixed.needleFigures(ComparedQuestions(mixed)).count == 1)
        var words = report(["qasper"])
        words.settings.format = .longbench
        let label = try #require(words.lengthFigures(ComparedQuestions(words)).first).plot.svg()
        #expect(label.contains("Length, words") && !label.contains("Length, tokens"))
    }

    /// A single question has no interval and no significant difference.
    @Test func oneQuestion() throws {
        let records = [record(0, .full, .f1, [.f1: 90]), record(0, .none, .f1, [.f1: 10])]
        let report = report([.full, .none], records)
        #expect(report.comparisons.first?.p == 1)
        let page = try report.html()
        #expect(Markup(page: page).texts("tr").contains { $0.hasPrefix("full − noneF1+80.0––") })
        #expect(!page.contains("<strong>+80.0"))
    }
}

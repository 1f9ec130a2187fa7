import LLoCOBase
import LLoCODataSets

/// A plot of a report with its caption.
package struct ReportFigure {
    package var caption: String
    package var plot: any Plot
}

extension EvaluationReport {
    /// Two plots: scores with intervals, and the main score against context tokens.
    var scoreFigures: [ReportFigure] {
        let shown = metrics.filter { metric in modes.contains { $0.scores[metric] != nil } }
        guard !modes.isEmpty, let first = shown.first else { return [] }
        let groups = shown.map { metric in
            IntervalPlot.Group(
                name: Self.title(of: metric),
                rows: modes.compactMap { mode in
                    mode.scores[metric].map {
                        .init(
                            name: mode.mode.rawValue, style: mode.mode.plotStyle, mean: $0.mean, low: $0.low,
                            high: $0.high)
                    }
                })
        }
        let ends = groups.flatMap(\.rows).flatMap { [$0.low, $0.mean, $0.high] }
        let name = Self.title(of: first)
        let best = modes.compactMap { mode in mode.scores[first].map { (mode.mode.rawValue, $0.mean) } }
            .map { "\($0.0) \(NumberText.fixed($0.1, 1))" }.joined(separator: ", ")
        let scores = ReportFigure(
            caption: "Scores of the modes, × 100, with 95 % intervals.",
            plot: IntervalPlot(
                summary: "Scores of the modes with 95 % intervals. \(name): \(best).",
                axis: PlotAxis(label: "Score × 100", scale: PlotScale(fitting: ends + [0], kind: .linear)),
                groups: groups))
        let points = modes.compactMap { mode in
            mode.scores[first].map { estimate in
                XYPlot.Series(
                    name: mode.mode.rawValue, style: mode.mode.plotStyle,
                    points: [
                        .init(
                            x: mode.contextTokens, y: estimate.mean,
                            interval: Self.interval(estimate),
                            title: "\(mode.mode.rawValue): \(name) \(NumberText.fixed(estimate.mean, 1)) with "
                                + "\(NumberText.fixed(mode.contextTokens, 0)) tokens")
                    ], hasLine: false)
            }
        }
        let heights = points.flatMap(\.points).flatMap {
            [$0.y, $0.interval?.lowerBound ?? $0.y, $0.interval?.upperBound ?? $0.y]
        }
        let tokens = ReportFigure(
            caption: "\(name) against context tokens, one point per mode.",
            plot: XYPlot(
                summary: "\(name) against context tokens, one point per mode: "
                    + modes.map { "\($0.mode.rawValue) \(NumberText.fixed($0.contextTokens, 0)) tokens" }
                    .joined(separator: ", ") + ".",
                x: PlotAxis(
                    label: "Context tokens per question", scale: PlotScale(fitting: modes.map(\.contextTokens))),
                y: PlotAxis(label: "\(name) × 100", scale: PlotScale(fitting: heights + [0], kind: .linear)),
                series: points, height: 360))
        return [scores, tokens]
    }

    /// Seconds per question against document length: every question, and the medians of up to eight bins.
    func timeFigure(_ compared: ComparedQuestions) -> ReportFigure? {
        let series = compared.modes.enumerated().map { index, mode in
            let points = compared.questions.compactMap { $0.results[index] }
                .map { XYPlot.Point(x: Double($0.documentTokens), y: $0.seconds.total) }
            return (mode, points)
        }
        let all = series.flatMap(\.1)
        guard !all.isEmpty else { return nil }
        let x = PlotScale(fitting: all.map(\.x))
        let y = PlotScale(fitting: all.map(\.y) + (PlotScale(fitting: all.map(\.y)).kind == .linear ? [0] : []))
        return ReportFigure(
            caption: "Seconds per question against document length: small, every question; large, medians of "
                + "questions about documents of similar length.",
            plot: XYPlot(
                summary: "Seconds per question against the document's length in tokens, for "
                    + compared.modes.map(\.rawValue).joined(separator: ", ") + ".",
                x: PlotAxis(label: "Document, tokens", scale: x), y: PlotAxis(label: "Seconds per question", scale: y),
                series: series.map { mode, points in
                    .init(
                        name: mode.rawValue, style: mode.plotStyle, points: Self.medians(points, over: x),
                        cloud: points)
                }))
    }

    /// One plot per task of the score against the length of generated data (attribute `length`).
    package func lengthFigures(_ compared: ComparedQuestions) -> [ReportFigure] {
        var tasks: [String: [(length: Double, question: ComparedQuestions.Question)]] = [:]
        for question in compared.complete {
            guard let length = question.record.attributes["length"].flatMap(ComparedQuestions.number) else { continue }
            tasks[question.record.attributes["task"] ?? "", default: []].append((length, question))
        }
        let lengths = Set(tasks.values.flatMap { $0.map(\.length) }).sorted()
        guard lengths.count > 1, lengths.count <= 50 else { return [] }
        let scale = PlotScale(fitting: lengths)
        // LongBench counts words, or characters in Chinese.
        let label = settings.format == .longbench ? "Length, words" : Self.lengthLabel(lengths)
        let ticks = lengths.map { PlotAxis.Tick(value: $0, label: Self.length($0, lengths)) }
        return ComparedQuestions.sorted(tasks.keys).prefix(60).map { task in
            let questions = tasks[task] ?? []
            let byLength = Dictionary(grouping: questions, by: \.length).mapValues { $0.map(\.question) }
            let series = compared.modes.enumerated().map { index, mode in
                XYPlot.Series(
                    name: mode.rawValue, style: mode.plotStyle,
                    points: byLength.keys.sorted().map { length in
                        let score = Self.score(of: byLength[length] ?? [], index)
                        return .init(
                            x: length, y: score,
                            title: "\(mode.rawValue), \(NumberText.fixed(length, 0)): \(NumberText.fixed(score, 1))")
                    })
            }
            let name = task.isEmpty ? "Score" : task.excerpt(60)
            return ReportFigure(
                caption: "\(name), \(NumberText.count(questions.count)) questions.",
                plot: XYPlot(
                    summary: "\(name): score of each mode against length.",
                    x: PlotAxis(label: label, scale: scale, ticks: ticks),
                    y: PlotAxis(label: "Score × 100", scale: PlotScale(fitting: [0, 100], kind: .linear)),
                    series: series, width: 360, height: 260))
        }
    }

    /// Needle in a haystack: one heat map per mode of the mean score by length and depth.
    package func needleFigures(_ compared: ComparedQuestions) -> [ReportFigure] {
        var cells: [[String]: [ComparedQuestions.Question]] = [:]
        for question in compared.complete {
            let attributes = question.record.attributes
            guard let length = attributes["length"], let depth = attributes["depth"],
                Self.isNeedle(attributes["task"])
            else { continue }
            cells[[depth, length], default: []].append(question)
        }
        let depths = ComparedQuestions.sorted(cells.keys.map { $0[0] })
        let lengths = ComparedQuestions.sorted(cells.keys.map { $0[1] })
        guard !cells.isEmpty, depths.count <= 60, lengths.count <= 60 else { return [] }
        let numbers = lengths.compactMap(ComparedQuestions.number)
        return compared.modes.enumerated().map { index, mode in
            let values = depths.map { depth in
                lengths.map { length in cells[[depth, length]].map { Self.score(of: $0, index) } }
            }
            return ReportFigure(
                caption: "Mode \(mode.rawValue): mean score × 100 by length and depth of the needle.",
                plot: HeatMap(
                    summary: "Mode \(mode.rawValue): mean score by length and depth of the needle.",
                    columnLabel: Self.lengthLabel(numbers), rowLabel: "Depth of the needle",
                    columns: lengths.map { length in
                        ComparedQuestions.number(length).map { Self.length($0, numbers) } ?? length
                    }, rows: depths, values: values))
        }
    }

    /// Whether the task hides a needle: RULER's question answering has depths but no needle.
    private static func isNeedle(_ task: String?) -> Bool {
        task.flatMap { RulerTask(rawValue: $0) }?.needsQuestions != true
    }

    /// The medians of both coordinates in each non-empty bin; the bins divide the scale into equal parts.
    package static func medians(_ points: [XYPlot.Point], over scale: PlotScale, bins: Int = 8) -> [XYPlot.Point] {
        let finite = points.filter(\.isFinite)
        let groups = Dictionary(grouping: finite) { point in
            min(bins - 1, Int(scale.position(of: point.x) * Double(bins)))
        }
        func median(_ values: [Double]) -> Double {
            let sorted = values.sorted()
            return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
        return groups.keys.sorted().map { key in
            let group = groups[key] ?? []
            let (x, y) = (median(group.map(\.x)), median(group.map(\.y)))
            return .init(
                x: x, y: y,
                title: "\(NumberText.fixed(x, 0)) tokens: \(NumberText.seconds(y)) s, median of \(group.count)")
        }
    }

    /// Whether all lengths are multiples of 1,024, which are written as 4k or 128k.
    private static func isBinary(_ lengths: [Double]) -> Bool {
        !lengths.isEmpty && lengths.allSatisfy { $0 > 0 && $0.remainder(dividingBy: 1024) == 0 }
    }

    private static func length(_ value: Double, _ lengths: [Double]) -> String {
        isBinary(lengths) ? NumberText.fixed(value / 1024, 0) + "k" : NumberText.tick(value)
    }

    private static func lengthLabel(_ lengths: [Double]) -> String {
        isBinary(lengths) ? "Length, tokens (k: 1,024)" : "Length, tokens"
    }

    private static func interval(_ estimate: Estimate) -> ClosedRange<Double>? {
        estimate.low <= estimate.high ? estimate.low...estimate.high : nil
    }
}

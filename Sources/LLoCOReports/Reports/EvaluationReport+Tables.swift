import LLoCOBase
import LLoCODataSets

extension EvaluationReport {
    /// Maximum number of malformed records that a report lists; the rest are only counted.
    static let listedMalformed = 200

    /// The names and values of the settings; `full` is the whole value if `value` is shortened.
    var settingLines: [(name: String, value: String, full: String?)] {
        func identity(_ value: String?) -> (String, String?) {
            guard let value, !value.isEmpty else { return ("none", nil) }
            return value.count > 16 ? (value.prefix(12) + "…", value) : (value, nil)
        }
        var lines: [(name: String, value: String, full: String?)] = [
            ("Data", settings.data, nil), ("Format", settings.format.rawValue, nil),
        ]
        for (name, value) in [
            ("Data digest", settings.dataDigest), ("Model", settings.model), ("Compressor", settings.compressor),
            ("Adapter", settings.adapter), ("Embedder", settings.embedder), ("Chat template", settings.chatTemplate),
        ] {
            let (text, full) = identity(value)
            lines.append((name, text, full))
        }
        lines.append(("Window", NumberText.count(settings.window) + " tokens", nil))
        lines.append(("Scheme", settings.scheme ?? "none", nil))
        lines.append(("Answer limit", answerLimit, nil))
        lines.append(("Dtype", "\(settings.dtype) on \(settings.device)", nil))
        lines.append(("Decode weights", settings.decodeWeights, nil))
        lines.append(("Seed", String(settings.seed), nil))
        if let budget = settings.budget {
            lines.append(("Budget", budget + (budget.contains("/") ? " of the tokens" : " positions"), nil))
        }
        if let share = settings.textShare {
            lines.append(("Text in mode hybrid", "up to " + NumberText.fixed(100 * share, 0) + " % of the budget", nil))
        }
        return lines
    }

    /// `48 tokens`, or `30 to 128 tokens, by task`.
    private var answerLimit: String {
        let limits = Set(settings.answerTokens.values).sorted().map(NumberText.count)
        guard let first = limits.first, let last = limits.last else { return "0 tokens" }
        return limits.count == 1 ? "\(first) tokens" : "\(first) to \(last) tokens, by task"
    }

    /// The table of every mode's figures.
    var modeTable: ReportTable {
        ReportTable(
            title: "Modes",
            caption: "Means over the questions that have the metric, × 100, with 95 % bootstrap intervals; the "
                + "geometric mean of ROUGE is that of the three means. Context tokens: the prompt positions that stand "
                + "for the document. Truncated documents: the share of questions whose document does not fit the "
                + "context window in mode full. Truncated tokens: the share of the documents' tokens dropped there. "
                + "Truncated answers: answers that reached the answer limit. Not asked: questions whose prompt does "
                + "not fit, which count as empty answers.",
            columns: [.init(title: "Mode", isNumber: false), .init(title: "Questions")]
                + metrics.map { .init(title: countedTitle(of: $0)) }
                + [
                    "Context tokens", "Seconds per question", "Truncated documents", "Truncated tokens",
                    "Truncated answers", "Not asked",
                ].map { .init(title: $0) },
            rows: modes.map { mode in
                [.init(mode.mode.rawValue), .init(NumberText.count(mode.questions))]
                    + metrics.map { metric in
                        .init(mode.scores[metric], hasInterval: mode.counts[metric] ?? mode.questions > 1)
                    }
                    + [
                        .init(NumberText.fixed(mode.contextTokens, 0)),
                        .init(NumberText.seconds(mode.secondsPerQuestion)),
                        .init(NumberText.percent(mode.cutQuestions)), .init(NumberText.percent(mode.cutTokens)),
                        .init(NumberText.count(mode.cutAnswers)), .init(NumberText.count(mode.unanswered)),
                    ]
            })
    }

    /// The table of differences between modes in the given metrics.
    func comparisonTable(_ metrics: [String]) -> ReportTable {
        ReportTable(
            title: "Differences between modes",
            caption: "First mode minus second on the same questions, with the 95 % interval of the paired bootstrap "
                + "and the p value of a paired permutation test, two-sided and not corrected for the number of "
                + "comparisons. Bold: the interval excludes zero, and p is below 0.05.",
            columns: [
                .init(title: "Modes", isNumber: false), .init(title: "Metric", isNumber: false),
                .init(title: "Difference"), .init(title: "95 % interval"), .init(title: "p"),
            ],
            rows: metrics.flatMap { metric in
                comparisons.filter { $0.metric == metric }.map { comparison in
                    let difference = comparison.difference
                    return [
                        .init("\(comparison.first.rawValue) − \(comparison.second.rawValue)"),
                        .init(Self.title(of: metric)),
                        .init(
                            NumberText.signed(difference.mean, 1),
                            isStrong: comparison.p < 0.05 && (difference.low > 0 || difference.high < 0)),
                        // A single question has no spread.
                        .init(
                            comparison.questions > 1
                                ? "\(NumberText.signed(difference.low, 1)) to \(NumberText.signed(difference.high, 1))"
                                : NumberText.absent),
                        .init(comparison.questions > 1 ? NumberText.probability(comparison.p) : NumberText.absent),
                    ]
                }
            })
    }

    /// Tables of scores by attributes: by task, by length, by both. Tables with more than `limit` rows are omitted.
    func groupTables(_ compared: ComparedQuestions, limit: Int = 150) -> [ReportTable] {
        let complete = compared.complete
        let names = Set(complete.flatMap { $0.record.attributes.keys })
        let order = ["task", "length", "depth"]
        let others = names.subtracting(order).sorted().prefix(12)
        var groupings = (order.filter(names.contains) + others).map { [$0] }
        for pair in [["task", "length"], ["length", "depth"]] where names.isSuperset(of: pair) {
            groupings.append(pair)
        }
        return groupings.compactMap { grouping in
            var groups: [[String]: [ComparedQuestions.Question]] = [:]
            for question in complete {
                groups[grouping.map { question.record.attributes[$0] ?? "" }, default: []].append(question)
            }
            // Means say nothing if an attribute's value differs for nearly every question.
            let isCommon = grouping.count > 1 || groups.count * 2 <= complete.count
            guard groups.count > 1, groups.count <= limit, isCommon else { return nil }
            let titles = grouping.map { $0.excerpt(40).replacing("_", with: " ") }
            let title = titles.joined(separator: " and ")
            return ReportTable(
                title: "By \(title)",
                caption: "Mean score of the questions by \(title), each question by its own metric, × 100"
                    + (complete.contains { $0.record.metric == .rougeGeometricMean }
                        ? "; the geometric mean of ROUGE is that of the three means." : "."),
                columns: titles.map { .init(title: $0.prefix(1).uppercased() + $0.dropFirst(), isNumber: false) } + [
                    .init(title: "Questions")
                ]
                    + compared.modes.map { .init(title: $0.rawValue) },
                rows: Self.sorted(Array(groups.keys)).map { key in
                    let questions = groups[key] ?? []
                    return key.map { .init($0.isEmpty ? "not given" : $0.excerpt(80)) }
                        + [.init(NumberText.count(questions.count))]
                        + compared.modes.indices.map { .init(NumberText.fixed(Self.score(of: questions, $0), 1)) }
                })
        }
    }

    /// The figure of some questions in a mode, each question by its own metric.
    static func score(of questions: [ComparedQuestions.Question], _ mode: Int) -> Double {
        let records = questions.compactMap { $0.results[mode] }
        return ScoreFigure(ownScore, of: records).value(of: records)
    }

    /// The keys sorted by their first parts, then by their second parts.
    private static func sorted(_ keys: [[String]]) -> [[String]] {
        let ranks = (keys.first ?? []).indices.map { part in
            Dictionary(
                ComparedQuestions.sorted(keys.map { $0[part] }).enumerated().map { ($1, $0) },
                uniquingKeysWith: { first, _ in first })
        }
        return keys.sorted { first, second in
            zip(first, ranks).map { $1[$0] ?? 0 }.lexicographicallyPrecedes(zip(second, ranks).map { $1[$0] ?? 0 })
        }
    }
}

import LLoCO

extension EvaluationReport {
    /// Malformed records that a report lists; the rest are counted.
    static let listedMalformed = 200

    /// What was asked of what: names and values, `full` where the value is shortened.
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
            ("Adapter", settings.adapter), ("Embedder", settings.embedder),
        ] {
            let (text, full) = identity(value)
            lines.append((name, text, full))
        }
        lines.append(("Window", NumberText.count(settings.window) + " tokens", nil))
        lines.append(("Longest answer", NumberText.count(settings.maximumTokens) + " tokens", nil))
        lines.append(("Seed", String(settings.seed), nil))
        return lines
    }

    /// Every mode's figures.
    var modeTable: ReportTable {
        ReportTable(
            title: "Modes",
            caption: "Means over the questions, × 100, with their 95 % bootstrap intervals. Context tokens: the "
                + "positions of the prompt that stand for the document. Cut: what mode full left out because the "
                + "document does not fit the window.",
            columns: [.init(title: "Mode", isNumber: false), .init(title: "Questions")]
                + metrics.map { .init(title: Self.title(of: $0)) }
                + ["Context tokens", "Seconds a question", "Questions cut", "Tokens cut"].map { .init(title: $0) },
            rows: modes.map { mode in
                [.init(mode.mode.rawValue), .init(NumberText.count(mode.questions))]
                    + metrics.map { .init(mode.scores[$0]) }
                    + [
                        .init(NumberText.fixed(mode.contextTokens, 0)),
                        .init(NumberText.seconds(mode.secondsPerQuestion)),
                        .init(NumberText.percent(mode.cutQuestions)), .init(NumberText.percent(mode.cutTokens)),
                    ]
            })
    }

    /// The differences between modes in some of the metrics.
    func comparisonTable(_ metrics: [String]) -> ReportTable {
        ReportTable(
            title: "Differences between modes",
            caption: "First mode less second on the same questions, with the 95 % interval of the paired bootstrap and "
                + "the p of a paired permutation test, two-sided and not corrected for the number of comparisons. "
                + "Bold: the interval leaves zero out.",
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
                            NumberText.signed(difference.mean, 1), isStrong: difference.low > 0 || difference.high < 0),
                        .init(
                            "\(NumberText.signed(difference.low, 1)) to \(NumberText.signed(difference.high, 1))"),
                        .init(NumberText.probability(comparison.p)),
                    ]
                }
            })
    }

    /// Scores by the values of attributes: by task, by length, by both. A table of more than `limit` rows is left out.
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
            // Of an attribute that nearly every question has a value of its own of, means say nothing.
            let isCommon = grouping.count > 1 || groups.count * 2 <= complete.count
            guard groups.count > 1, groups.count <= limit, isCommon else { return nil }
            let titles = grouping.map { $0.excerpt(40).replacing("_", with: " ") }
            let title = titles.joined(separator: " and ")
            return ReportTable(
                title: "By \(title)",
                caption: "Mean score of the questions by \(title), each question by its own metric, × 100.",
                columns: titles.map { .init(title: $0.prefix(1).uppercased() + $0.dropFirst(), isNumber: false) } + [
                    .init(title: "Questions")
                ]
                    + compared.modes.map { .init(title: $0.rawValue) },
                rows: Self.sorted(Array(groups.keys)).map { key in
                    let questions = groups[key] ?? []
                    return key.map { .init($0.isEmpty ? "not given" : $0.excerpt(80)) }
                        + [.init(NumberText.count(questions.count))]
                        + compared.modes.indices.map { .init(NumberText.fixed(Self.mean(questions, $0), 1)) }
                })
        }
    }

    static func mean(_ questions: [ComparedQuestions.Question], _ mode: Int) -> Double {
        let scores = questions.compactMap { $0.results[mode]?.score }
        return scores.reduce(0, +) / Double(max(1, scores.count))
    }

    /// Keys in the order of their first parts, then of their second.
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

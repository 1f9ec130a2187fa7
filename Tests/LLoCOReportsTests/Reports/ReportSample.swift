import LLoCOBase
import LLoCODataSets
import LLoCOReports

/// Reports of invented questions with fixed figures.
enum ReportSample {
    static let settings = EvaluationReport.Settings(
        data: "harbour.jsonl", format: .lloco, dataDigest: String(repeating: "a1b2", count: 16),
        answerTokens: ["lloco": 48], model: String(repeating: "c3d4", count: 16),
        compressor: String(repeating: "e5f6", count: 16), scheme: "accumulated-1536-50", adapter: nil,
        embedder: String(repeating: "0718", count: 16), window: 2048,
        chatTemplate: String(repeating: "9a0b", count: 16),
        dtype: "float32", device: "cpu", decodeWeights: "lossless", seed: 7)

    /// Texts that try to break out of a page, a script, a table or a line.
    static let hostile = [
        "</script><script>document.title='owned'</script>", "<img src=x onerror=\"alert(1)\">",
        "a & b < c > d \"e\" 'f'",
        "]]><!-- -->", "line\r\nbreak | pipe \\ `code` **bold** [link](http://example.invalid) www.example.invalid",
        "right \u{202E}tfel\u{202C} isolate \u{2066}x\u{2069}", "nul\u{0} bell\u{7} escape\u{1B}[31m \u{FFFE}\u{85}",
        "\u{2028}separator\u{2029}", "👩‍🚀 שלום مرحبا 漢字",
    ]

    /// - Parameters:
    ///   - questions: number of questions per mode, seven per document
    ///   - attributes: attributes of a question by index
    static func report(
        questions: Int, modes: [AnswerMode] = AnswerMode.allCases,
        attributes: (Int) -> [String: String] = { _ in [:] }, malformed: [MalformedRecord] = [],
        text: (Int) -> String = { _ in "" }
    ) -> EvaluationReport {
        var records: [EvaluationRecord] = []
        for index in 0..<questions {
            for (place, mode) in modes.enumerated() {
                records.append(record(index, place, mode, attributes(index), text(index)))
            }
        }
        let metrics = ["f1", "em", "rouge1", "rouge2", "rougeL"]
        let results = modes.enumerated().map { place, mode in
            let own = records.filter { $0.mode == mode }
            let mean = own.reduce(0) { $0 + $1.score } / Double(max(1, own.count))
            return EvaluationReport.ModeResult(
                mode: mode, questions: questions,
                scores: Dictionary(
                    uniqueKeysWithValues: metrics.enumerated().map { index, metric in
                        let value = mean / Double(index + 1)
                        return (metric, .init(mean: value, low: value * 0.9, high: value * 1.12))
                    }),
                counts: Dictionary(uniqueKeysWithValues: metrics.map { ($0, questions) }),
                contextTokens: [40, 1210, 384, 0][place % 4], secondsPerQuestion: 0.4 + Double(place),
                cutQuestions: mode == .full ? 0.25 : 0, cutTokens: mode == .full ? 0.071 : 0,
                cutAnswers: mode == .none ? 3 : 0, unanswered: mode == .full ? 1 : 0)
        }
        var comparisons: [EvaluationReport.Comparison] = []
        for (index, first) in results.enumerated() {
            for second in results[(index + 1)...] {
                for metric in metrics {
                    let difference = (first.scores[metric]?.mean ?? 0) - (second.scores[metric]?.mean ?? 0)
                    comparisons.append(
                        .init(
                            metric: metric, first: first.mode, second: second.mode, questions: questions,
                            difference: .init(mean: difference, low: difference - 2, high: difference + 2),
                            p: abs(difference) > 2 ? 0.0002 : 0.31))
                }
            }
        }
        return EvaluationReport(
            settings: settings, metrics: metrics, modes: results, comparisons: comparisons, malformed: malformed,
            records: records)
    }

    private static func record(
        _ index: Int, _ place: Int, _ mode: AnswerMode, _ attributes: [String: String], _ text: String
    ) -> EvaluationRecord {
        let score = [0.0, 100, 50, 66.7, 0, 28.6][(index * (place + 3) + place) % 6]
        let tokens = 180 + (index / 7 * 9173) % 7900
        let base: [Double] = [0.31, 0.002 * Double(tokens), 0.62, 0.2]
        let total = base[place % 4] * (1 + Double(index % 5) / 10)
        let seen = min(tokens, 2000)
        let context = [40, seen, 384, 0][place % 4]
        let number = index * (place + 1)
        let scores = ["f1": score, "em": score == 100 ? 100 : 0, "rouge1": score, "rouge2": score / 2, "rougeL": score]
        let passages = (0..<(mode == .retrieval ? 3 : 0)).map { passage($0, of: index / 7, text) }
        return EvaluationRecord(
            id: "q\(index)", document: "story-\(index / 7)", mode: mode,
            question: "What did the keeper of lighthouse \(index) find on the rocks after the storm?" + text,
            prediction: "The keeper found crate \(number) there." + text,
            answers: ["crate \(index)" + text, "a wooden crate"], metric: .f1, scores: scores,
            choiceLogLikelihoods: index % 50 == 1 ? [-1.25, -0.5] : nil, attributes: attributes, documentTokens: tokens,
            cutTokens: mode == .full ? tokens - seen : 0, contextTokens: context, promptTokens: 60 + context,
            generatedTokens: 9,
            seconds: .init(retrieve: 0.01, prefill: total / 2, decode: total / 2 - 0.01, total: total),
            passages: passages)
    }

    private static func passage(_ place: Int, of story: Int, _ text: String) -> EvaluationRecord.Passage {
        let carried = "Passage \(place) of story \(story): the tide went out and left what it had carried. "
        return .init(
            document: "story-\(story)", start: 700 * place, end: 700 * place + 512, score: 0.8 - Double(place) / 10,
            text: carried + text)
    }
}

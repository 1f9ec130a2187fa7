import ArgumentParser
import Foundation
import LLoCOBase
import LLoCODataSets
import LLoCOReports

struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score the predictions in a file.",
        usage: "lloco score <predictions> [--metric <name>] [--stem] [--json]",
        discussion: """
              lloco evaluate questions.jsonl --predictions answers.jsonl
              lloco score answers.jsonl

            Scores are means x 100 over the lines, one row per mode. Of several right answers the best-scoring one \
            counts. F1 and exact match are SQuAD's and SCROLLS', ROUGE is the rouge-score package's; the lines' own \
            metric comes last. In a line without a metric whose one answer is a capital letter, that letter counts as \
            a word, also A, which SQuAD's rules drop.

            \(HelpText.allOptions)
            """)

    @Argument(
        help: """
            JSON Lines, gzipped or not, one line per answer: {"id", "prediction", "answers": [...]} and the fields \
            that 'evaluate --predictions' adds.
            """)
    var predictions: String

    @Option(
        help: ArgumentHelp(
            "The metric of lines that name none. Default: f1.",
            discussion:
                "\(Self.metricNames). classification needs \"classes\", accuracy a capital letter as the answer, or "
                + "\"choices\" and \"correct_choice\"; accuracy_by_likelihood these and \"choice_log_likelihoods\". "
                + "'evaluate' also adds \"mode\", \"task\" and \"scorer\".",
            valueName: "name", visibility: .hidden))
    var metric: String?

    @Flag(help: "Compare word stems in ROUGE (Porter's stemmer).")
    var stem = false

    @OptionGroup var output: OutputOptions

    private static let metricNames = (["rouge"] + Metric.ofPredictions.map(\.rawValue)).joined(separator: ", ")

    /// The maximum number of rows
    private static let maximumModes = 1000

    func validate() throws { _ = try parsedMetric() }

    private func parsedMetric() throws -> Metric? {
        guard let metric else { return nil }
        let parsed = metric == "rouge" ? .rougeGeometricMean : Metric(rawValue: metric)
        guard let parsed, Metric.ofPredictions.contains(parsed) else {
            throw ValidationError("--metric \(metric): expected one of \(Self.metricNames)")
        }
        return parsed
    }

    func run() throws {
        var limits = JSONLinesReader.Limits()
        limits.lineBytes = Prediction.Limits.line
        let reader = try JSONLinesReader(url: URL(filePath: predictions), limits: limits)
        let rouge = ROUGE(tokenizer: ROUGETokenizer(stemmer: stem ? PorterStemmer() : nil))
        let metric = try parsedMetric()
        var modes: [Mode] = []
        var places: [String?: Int] = [:]
        var count = 0
        while let bytes = try reader.next() {
            let line: Prediction
            do { line = try Prediction(line: bytes, metric: metric) } catch let fault as JSONFields.Fault {
                throw reader.error(line: reader.lineNumber, fault.reason)
            }
            let place = places[line.mode] ?? modes.count
            if place == modes.count {
                guard place < Self.maximumModes else {
                    throw reader.error(
                        line: reader.lineNumber, "found more modes than the maximum, \(Self.maximumModes)")
                }
                places[line.mode] = place
                modes.append(Mode(name: line.mode))
            }
            modes[place].add(line, number: reader.lineNumber, rouge: rouge)
            count += 1
        }
        guard count > 0 else {
            throw reader.error(
                line: nil, "the file holds no prediction; expected {\"id\", \"prediction\", \"answers\"} a line")
        }
        for mode in modes {
            guard let repeated = mode.repeated else { continue }
            Terminal.note(
                "\(predictions): \(mode.answers.count - mode.lines.count) lines repeat an id, the first "
                    + "\"\(repeated.id.printable(limit: 80))\" on lines \(repeated.before) and \(repeated.line); each "
                    + "line counts")
        }
        if output.json {
            for mode in modes { try Terminal.json(mode.fields) }
        } else {
            for line in table(modes) { Terminal.print(line) }
        }
    }

    private func table(_ modes: [Mode]) -> [String] {
        let names = EvaluationReport.metrics(of: modes.flatMap(\.answers))
        let isNamed = modes.contains { $0.name != nil }
        return Text.table(
            (isNamed ? ["mode"] : []) + ["questions"] + names.map(EvaluationReport.title(of:)),
            modes.map { mode in
                (isNamed ? [mode.name?.printable(limit: 40) ?? ""] : []) + ["\(mode.answers.count)"]
                    + names.map { mode.figure($0).map { String(format: "%.2f", $0) } ?? "" }
            })
    }
}

/// The answers of one mode.
private struct Mode {
    struct Judged: JudgedAnswer {
        let metric: Metric
        let scores: [String: Double]
    }

    /// nil for lines without a mode
    let name: String?
    private(set) var answers: [Judged] = []
    /// The last line of each id
    private(set) var lines: [String: Int] = [:]
    private(set) var repeated: (id: String, line: Int, before: Int)?

    init(name: String?) {
        self.name = name
    }

    mutating func add(_ line: Prediction, number: Int, rouge: ROUGE) {
        if let before = lines.updateValue(number, forKey: line.question.id) {
            repeated = repeated ?? (line.question.id, number, before)
        }
        let scores = line.scores(rouge: rouge).map { ($0.key.rawValue, 100 * $0.value) }
        answers.append(Judged(metric: line.question.metric, scores: Dictionary(uniqueKeysWithValues: scores)))
    }

    /// A metric's mean x 100; nil if no answer has it.
    func figure(_ metric: String) -> Double? {
        let figure = ScoreFigure(metric, of: answers)
        return answers.contains { figure.terms(of: $0) != nil } ? figure.value(of: answers) : nil
    }

    /// A line of `--json`
    var fields: NamedFields {
        var names = [Metric.f1, .em, .rouge1, .rouge2, .rougeL, .rougeLsum].map(\.rawValue)
        names += EvaluationReport.ownMetrics(of: answers).filter { !names.contains($0) }
        return NamedFields(
            (name.map { [("mode", .text($0))] } ?? []) + [("questions", .count(answers.count))]
                + names.map { ($0, .number(figure($0) ?? 0)) })
    }
}

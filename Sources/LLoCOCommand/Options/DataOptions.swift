public import ArgumentParser
import Foundation
public import LLoCODataSets
import LLoCODocuments
import LLoCOTokenizers

/// The data of an evaluation: a file of questions, or generated data.
struct DataOptions: ParsableArguments {
    @Argument(help: "A file of questions, or ruler, or needle.")
    var data: String

    @Option(
        help: ArgumentHelp("The file's format. Default: recognised.", valueName: "name", visibility: .hidden))
    var format: DataFormat?

    @Option(
        help: ArgumentHelp(
            "Our own question sets: the metric of the answers.",
            discussion:
                "\(Self.metricNames). Default: f1. rouge is rouge_geometric_mean, as in QMSum and SQuALITY.",
            valueName: "name", visibility: .hidden))
    var metric: String?

    @Option(
        help: ArgumentHelp(
            "NarrativeQA: the folder of the stories; TriviaQA: the folder of the evidence.", valueName: "dir",
            visibility: .hidden))
    var texts: String?

    @Flag(
        help: ArgumentHelp(
            "NarrativeQA: ask about the summaries of the plots instead of the stories.", visibility: .hidden))
    var summaries = false

    @Option(
        help: ArgumentHelp(
            "NarrativeQA and GovReport's folder: only this part, train, valid or test.",
            valueName: "name", visibility: .hidden))
    var split: String?

    @Option(
        help: ArgumentHelp(
            "SCROLLS, LongBench v1, L-Eval, LooGLE, RULER's own lines: the task. Default: from lines and file name.",
            valueName: "name", visibility: .hidden))
    var task: String?

    @Option(help: ArgumentHelp("ruler, needle: prompt lengths; 1k is 1024.", valueName: "n,n"))
    var lengths = Lengths([4096, 8192, 16_384])

    @Option(
        help: ArgumentHelp(
            "ruler, needle: texts per task and length, or per length and depth.", valueName: "n", visibility: .hidden))
    var samples = 1

    @Option(
        help: ArgumentHelp(
            "ruler: tasks, comma-separated. Default: all; qa_1 and qa_2 only with --questions.",
            valueName: "task,...", visibility: .hidden))
    var tasks: String?

    @Option(
        help: ArgumentHelp(
            "needle: its depths, in percent of the text.",
            discussion: """
                lloco evaluate needle --lengths 2k,4k --depths 0,25,50,75,100 --haystack book.txt --report needle.html
                """,
            valueName: "n,n", visibility: .hidden))
    var depths = "0,25,50,75,100"

    @Flag(
        help: ArgumentHelp(
            "needle: hide the same sentence in every text, instead of a different number of a different thing.",
            visibility: .hidden))
    var fixedNeedle = false

    @Option(
        help: ArgumentHelp(
            "ruler, needle: the text to hide things in, gzipped or not. Default: generated sentences.",
            valueName: "file", visibility: .hidden))
    var haystack: String?

    @Option(
        help: ArgumentHelp(
            "ruler: questions with their texts, in any format of --format, for qa_1 and qa_2.",
            valueName: "file", visibility: .hidden))
    var questions: String?

    private static let metricNames = (["rouge"] + Metric.ofQuestionSets.map(\.rawValue)).joined(separator: ", ")

    private enum Generator: String {
        case ruler, needle
    }

    /// nil for a file, also for an existing file with a generator's name
    private var generator: Generator? {
        FileManager.default.fileExists(atPath: data) ? nil : Generator(rawValue: data)
    }

    func validate() throws {
        if !(1...100_000 ~= samples) { throw ValidationError("--samples \(samples): expected 1 to 100000") }
        _ = try parsedTasks()
        _ = try parsedMetric()
        _ = try parsedDepths()
    }

    private func parsedTasks() throws -> [RulerTask]? {
        try tasks.map { try NamedChoices.parse($0, option: "--tasks", kind: "task") }
    }

    private func parsedMetric() throws -> Metric? {
        guard let metric else { return nil }
        let parsed = metric == "rouge" ? .rougeGeometricMean : Metric(rawValue: metric)
        guard let parsed, Metric.ofQuestionSets.contains(parsed) else {
            throw ValidationError("--metric \(metric): expected one of \(Self.metricNames)")
        }
        return parsed
    }

    private func parsedDepths() throws -> [Double] {
        try depths.split(separator: ",").map { text in
            guard let depth = Double(text.trimmingCharacters(in: .whitespaces)), 0...100 ~= depth else {
                throw ValidationError("--depths: '\(text)', expected comma-separated numbers from 0 to 100")
            }
            return depth
        }
    }

    /// - Throws: `CommandError` for a missing file.
    func checkFiles() throws {
        for (option, file) in [("--haystack", haystack), ("--questions", questions), ("--texts", texts)] {
            if let file, !FileManager.default.fileExists(atPath: file) {
                throw CommandError("\(option) \(file): no such file or folder")
            }
        }
    }

    /// The file's questions; nil for generated data.
    func fromFile(text: QuestionSet.DocumentText) throws -> EvaluationSet? {
        guard generator == nil else {
            if let metric { throw CommandError("--metric \(metric): \(data) has a metric of its own") }
            if let split { throw CommandError("--split \(split): \(data) is generated") }
            if let task { throw CommandError("--task \(task): \(data) is generated; --tasks chooses among ruler's") }
            return nil
        }
        var options = EvaluationSet.ReadingOptions()
        options.text = text
        options.texts = texts.map { URL(filePath: $0) }
        options.metric = try parsedMetric()
        options.split = split
        options.task = task
        if summaries { options.narrativeText = .summaries }
        return try EvaluationSet(contentsOf: URL(filePath: data), format: format, options: options)
    }

    /// Generated data for a tokenizer.
    ///
    /// - Parameter templateTokens: the tokens of a prompt besides text and question
    func generated(tokenizer: any Tokenizer, templateTokens: Int, answerTokens: Int, seed: UInt64) throws
        -> EvaluationSet
    {
        let haystack = try haystack.map { try DocumentReader().readUnpacked($0).text }
        let bar = ProgressBar("writing texts")
        defer { bar.finish() }
        switch generator {
        case .needle:
            return try .needle(
                NeedleOptions(
                    lengths: lengths.values, depths: parsedDepths(), samples: samples,
                    hidden: fixedNeedle ? .fixed(.standard) : .random, answerTokens: answerTokens,
                    templateTokens: templateTokens, seed: seed),
                tokenizer: tokenizer, haystack: haystack
            ) { bar.update($0, of: $1) }
        case .ruler, nil:
            let questions = try questions.map { try EvaluationSet(contentsOf: URL(filePath: $0)) }
            return try .ruler(
                RulerOptions(
                    lengths: lengths.values, tasks: parsedTasks() ?? RulerTask.allCases, samples: samples, seed: seed,
                    templateTokens: templateTokens),
                tokenizer: tokenizer, haystack: haystack, questions: questions
            ) { bar.update($0, of: $1) }
        }
    }
}

extension DataFormat: ExpressibleByArgument {}

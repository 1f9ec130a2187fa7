public import ArgumentParser
import Foundation
public import LLoCODataSets
import LLoCODocuments
import LLoCOTokenizers

/// What is asked in an evaluation: a file of questions, or data that is generated.
struct DataOptions: ParsableArguments {
    @Argument(help: "A file of questions, or ruler, or needle.")
    var data: String

    @Option(help: ArgumentHelp("The file's form, where it is not recognised.", valueName: "name"))
    var format: DataFormat?

    @Option(
        help: ArgumentHelp(
            "Our own question sets: what answers are judged by.",
            discussion:
                "\(Self.metricNames). Default: f1. rouge is rouge_geometric_mean, as QMSum and SQuALITY have it.",
            valueName: "name"))
    var metric: String?

    @Option(
        help: ArgumentHelp(
            "NarrativeQA: the folder of the stories; TriviaQA: the folder of the evidence.", valueName: "dir"))
    var texts: String?

    @Flag(help: "NarrativeQA: ask about the summaries of the stories' plots instead of the stories.")
    var summaries = false

    @Option(
        help: ArgumentHelp(
            "NarrativeQA (train, valid, test) and GovReport's folder (train, valid, test): only this part.",
            valueName: "name"))
    var split: String?

    @Option(
        help: ArgumentHelp(
            "SCROLLS, LongBench v1, L-Eval, LooGLE, RULER's own lines: the task, where lines and names do not tell it.",
            valueName: "name"))
    var task: String?

    @Option(help: ArgumentHelp("ruler, needle: the prompts' lengths in tokens; 8k is 8192.", valueName: "n,n"))
    var lengths = Lengths([4096, 8192, 16_384])

    @Option(help: ArgumentHelp("ruler, needle: texts for each task and length, or length and depth.", valueName: "n"))
    var samples = 1

    @Option(
        help: ArgumentHelp(
            "ruler: which tasks, with commas between. Default: all, qa_1 and qa_2 where --questions gives them questions.",
            valueName: "task,..."))
    var tasks: String?

    @Option(help: ArgumentHelp("needle: how deep it lies, in percent of the text.", valueName: "n,n"))
    var depths = "0,25,50,75,100"

    @Flag(help: "needle: hide the same sentence everywhere, instead of another number of another thing in each text.")
    var fixedNeedle = false

    @Option(
        help: ArgumentHelp(
            "ruler, needle: the text to hide things in, gzipped or not. Default: sentences made up.", valueName: "file")
    )
    var haystack: String?

    @Option(
        help: ArgumentHelp(
            "ruler: questions with their texts, in any form above, for qa_1 and qa_2.", valueName: "file")
    )
    var questions: String?

    private static let metricNames = (["rouge"] + Metric.ofQuestionSets.map(\.rawValue)).joined(separator: ", ")

    private enum Generator: String {
        case ruler, needle
    }

    /// nil where the data is a file's, also where a file of a generator's name is there.
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
                throw ValidationError("--depths: '\(text)', expected numbers from 0 to 100 with commas between")
            }
            return depth
        }
    }

    /// - Throws: `CommandError` for a file that is not there.
    func checkFiles() throws {
        for (option, file) in [("--haystack", haystack), ("--questions", questions), ("--texts", texts)] {
            if let file, !FileManager.default.fileExists(atPath: file) {
                throw CommandError("\(option) \(file): no such file or folder")
            }
        }
    }

    /// The file's questions; nil where the data is generated.
    func fromFile(text: QuestionSet.DocumentText) throws -> EvaluationSet? {
        guard generator == nil else {
            if let metric { throw CommandError("--metric \(metric): \(data) has its own measure") }
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
    /// - Parameter templateTokens: what a prompt has besides text and question
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

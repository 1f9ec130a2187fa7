import ArgumentParser
import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODataSets
import LLoCODocuments
import LLoCOEvaluation
import LLoCOLibrary
import LLoCOModels
import LLoCOReports
import LLoCOTokenizers
import LLoCOTorch

struct Evaluate: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score answers to questions in one or more modes.",
        usage: "lloco evaluate <data> [--modes <mode,...>] [<options>]",
        discussion: """
              lloco evaluate questions.jsonl --modes hybrid,full --report report.html
              lloco evaluate ruler --lengths 4k,8k --modes compressed,full

            DATA is a published question file (Docs/evaluation.md lists the formats), our own JSON Lines {"id", \
            "title", "document", "questions": [{"id", "question", "answers"}]}, or generated: ruler or needle.

            Documents are compressed into an in-memory library, or with --group found in the library by title or id. \
            Scores are means x 100 with 95 % bootstrap intervals. Answers are greedy: the same seed gives the same \
            scores. With --run or --report the same command resumes a run.

            \(HelpText.allOptions)
            """)

    @OptionGroup var data: DataOptions

    @Option(help: ArgumentHelp("Modes, comma-separated; see 'lloco help modes'.", valueName: "mode,..."))
    var modes = AnswerMode.default.rawValue

    @Option(
        help: ArgumentHelp(
            "An adapter's folder in PEFT's layout, or none. Default: the --group's, else the general one.",
            valueName: "dir", visibility: .hidden))
    var adapter: String?

    @Option(help: ArgumentHelp("Read the first n documents only.", valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "Read documents sampled by --seed, up to n tokens in total.",
            discussion: "The first sampled document is read whatever its length.", valueName: "n", visibility: .hidden)
    )
    var drawTokens: Int?

    @Option(help: ArgumentHelp("Write the predictions, for 'lloco score'.", valueName: "file"))
    var predictions: String?

    @Option(
        help: ArgumentHelp(
            "Write every question's prompt to this file as JSON Lines, and ask nothing.",
            discussion: """
                For another program that answers: token ids "before", "text" (the document's, on the line of its first \
                question) and "after", and "max_tokens". 'lloco score' reads the lines once "prediction" is filled in.
                """, valueName: "file", visibility: .hidden))
    var prompts: String?

    @Option(
        help: ArgumentHelp(
            "Write a report: .html, .md or .json. Repeatable.", valueName: "file"))
    var report: [String] = []

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "The run's file. Default: beside the first report.", valueName: "file"))
    var runFile: String?

    @Option(help: ArgumentHelp("Read the documents of this group of the library.", valueName: "name"))
    var group: String?

    @Option(
        help: ArgumentHelp(
            "Maximum tokens of an answer, in every task.",
            discussion: """
                Default: the published length of each task of RULER, LongBench, L-Eval and LooGLE; 512 for the \
                summary of a report or an episode, 256 for other summaries, 48 for other answers.
                """, valueName: "n", visibility: .hidden))
    var maxTokens: Int?

    @OptionGroup var budget: BudgetOptions
    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    private func parsedModes() throws -> [AnswerMode] {
        try NamedChoices.parse(modes, option: "--modes", kind: "mode")
    }

    func validate() throws {
        guard try !parsedModes().isEmpty else { throw ValidationError("--modes: expected at least one mode") }
        if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected 1 or more") }
        if let drawTokens {
            if drawTokens < 1 { throw ValidationError("--draw-tokens \(drawTokens): expected 1 or more") }
            if group != nil {
                throw ValidationError("--draw-tokens samples a file's own texts, expected no --group")
            }
        }
        if prompts != nil {
            for (option, isGiven) in [
                ("--group", group != nil), ("--predictions", predictions != nil), ("--report", !report.isEmpty),
                ("--run", runFile != nil), ("--adapter", adapter != nil), ("--budget", budget.budget != nil),
                ("--text-share", budget.textShare != nil),
            ] where isGiven {
                throw ValidationError(
                    "--prompts asks nothing and writes a file's own texts, expected no \(option)")
            }
        }
        if let maxTokens, !(1...1_048_576 ~= maxTokens) {
            throw ValidationError("--max-tokens \(maxTokens): expected 1 to 1048576")
        }
        for file in report where ReportFile.Form(file) == nil {
            throw ValidationError("--report \(file): expected a name that ends in .html, .md or .json")
        }
    }

    func compute() async throws {
        // Unwritable files fail before hours of work.
        for file in report { try ReportFile.check(file) }
        try data.checkFiles()
        let stored = try group.map { _ in try library.open(for: .reading) }
        let given = try data.fromFile(text: group == nil ? .required : .optional)
        let modes = try parsedModes()
        let loaded = try engine.load(
            for: stored,
            withEmbedder: prompts == nil
                && Evaluator.searches(modes, budget: budget.budget, inLibrary: group != nil),
            withAdapter: prompts == nil && adapter == nil && modes.contains(where: \.readsVectors))
        let builder = try loaded.prompts
        var set =
            try given
            ?? data.generated(
                tokenizer: loaded.languageModel.tokenizer,
                templateTokens: builder.prompt(question: "", context: [0]).count,
                answerTokens: maxTokens ?? Metric.stringMatch.answerTokens,
                seed: engine.model.compute.seed)
        if let limit { set.documents = Array(set.documents.prefix(limit)) }
        set.documents.removeAll { $0.questions.isEmpty }
        if let drawTokens {
            try set.draw(
                tokens: drawTokens, seed: engine.model.compute.seed, tokenizer: loaded.languageModel.tokenizer)
        }
        if let maxTokens { set.limitAnswers(to: maxTokens) }
        if set.questionCount == 0 {
            throw CommandError("\(data.data): found no question in the first \(limit ?? 0) documents")
        }
        for record in set.malformed.prefix(20) { Terminal.note(record.description) }
        if !set.malformed.isEmpty {
            let count = set.malformed.count
            Terminal.note(
                "\(count) record\(count == 1 ? " is" : "s are") malformed in \(set.name): left out and not counted")
        }
        for remark in set.remarks { Terminal.note(remark) }
        if let prompts {
            return try write(set.documents.flatMap { try $0.prompts(builder) }, to: prompts, "--prompts")
        }
        var options = EvaluationRun.Options()
        options.modes = modes
        options.adapter = try adapterChoice()
        options.budget = budget.budget
        options.textShare = budget.textShare
        options.seed = engine.model.compute.seed
        options.file = runFile ?? report.first.map { $0 + ".run.jsonl" }
        let run = try await EvaluationRun(set, model: loaded, library: stored, group: group, options: options)
        let bar = ProgressBar("evaluating")
        let result = try await run.run { show($0, of: run, bar) }
        bar.finish()
        if let predictions { try write(set.predictions(of: result.records), to: predictions, "--predictions") }
        for file in report { try ReportFile.write(result, to: file) }
        var noted: Set<String> = []
        for omission in result.records.flatMap(\.omissions) where noted.insert(omission).inserted {
            Terminal.note(omission)
        }
        for record in result.records {
            guard let reason = record.unanswered else { continue }
            Terminal.note("question '\(record.id)' was not answered in mode \(record.mode.rawValue): \(reason)")
        }
        let cut = result.records.count { $0.isAnswerCut }
        if cut > 0 {
            Terminal.note(
                "\(cut) of \(run.total) answers were truncated after \(Self.limits(set)) tokens: "
                    + "--max-tokens allows \(maxTokens == nil ? "others" : "no more")")
        }
        try print(result)
    }

    /// The maximum tokens of the answers: `48`, `30 to 128`
    private static func limits(_ set: EvaluationSet) -> String {
        let limits = set.answerTokens.values
        guard let minimum = limits.min(), let maximum = limits.max(), minimum < maximum else {
            return "\(limits.first ?? 0)"
        }
        return "\(minimum) to \(maximum)"
    }

    /// The requested adapter.
    private func adapterChoice() throws -> EvaluationRun.AdapterChoice {
        switch adapter {
        case nil: return .usual
        case "none": return .none
        case .some(let folder): return .given(try AdapterCheckpoint.read(URL(filePath: folder)), name: folder)
        }
    }

    // MARK: - Output

    private func show(_ event: EvaluationRun.Event, of run: EvaluationRun, _ bar: ProgressBar) {
        let done = run.records.count
        switch event {
        case .resumed(let answers): Terminal.note("\(answers) of \(run.total) answers are already in the run's file")
        case .compressing(let tokens, let total):
            bar.update(done, of: run.total, detail: "compressing \(tokens) of \(total) tokens")
        case .answered(let record): bar.update(done, of: run.total, detail: record.mode.rawValue)
        }
    }

    private func print(_ report: EvaluationReport) throws {
        if output.json {
            for mode in report.modes { try Terminal.json(NamedFields(report, mode)) }
            return
        }
        let names = report.metrics.filter { $0 != Metric.rougeLsum.rawValue }
        let table = Text.table(
            ["mode", "questions"] + names.map { report.countedTitle(of: $0) } + ["context tokens", "s/question"],
            report.modes.map { mode in
                [mode.mode.rawValue, "\(mode.questions)"]
                    + names.map { name in
                        guard let score = mode.scores[name] else { return "" }
                        return String(format: "%.1f (%.1f-%.1f)", score.mean, score.low, score.high)
                    }
                    + [String(format: "%.0f", mode.contextTokens), String(format: "%.2f", mode.secondsPerQuestion)]
            })
        for line in table { Terminal.print(line) }
        for mode in report.modes where mode.cutQuestions > 0 {
            Terminal.print(
                String(
                    format: "%@: %.0f %% of the questions' documents were truncated, %.0f %% of their tokens left out",
                    mode.mode.rawValue, 100 * mode.cutQuestions, 100 * mode.cutTokens))
        }
    }

    private func write(_ lines: [some Encodable], to path: String, _ option: String) throws {
        var data = Data()
        for line in lines { data += try JSONLine.data(line) }
        do { try data.write(to: URL(filePath: path)) } catch {
            throw CommandError("\(option) \(path): the file cannot be written")
        }
    }
}

extension NamedFields {
    /// A line of `--json`: a mode's means x 100, with the questions' own metric where it is not among the common ones.
    fileprivate init(_ report: EvaluationReport, _ mode: EvaluationReport.ModeResult) {
        var names = [Metric.f1, .em, .rouge1, .rouge2, .rougeL].map(\.rawValue)
        names += report.ownMetrics.filter { !names.contains($0) }
        self.init(
            [
                ("data", .text(report.settings.data)), ("mode", .text(mode.mode.rawValue)),
                ("questions", .count(mode.questions)),
            ]
                + names.map { ($0, .number(mode.scores[$0]?.mean ?? 0)) }
                + [
                    ("context_tokens", .number(mode.contextTokens)),
                    ("seconds_per_question", .number(mode.secondsPerQuestion)),
                ])
    }
}

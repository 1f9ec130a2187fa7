import ArgumentParser
import Checkpoints
import Evaluation
import Foundation
import LLoCO
import Models

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score answers to a question set, in one or more modes, on the same questions.",
        discussion: """
            DATA is JSON Lines, gzipped or not, a line a document: {"id", "title", "document", "questions": [{"id", \
            "question", "answers"}]}. Documents are learned into a library in memory; with --group they are those of the \
            library, known by title or id, and the group's adapter is used. Scores are means x 100. Greedy: a seed \
            gives the same result again.
            """)

    @Argument(help: "The question set.")
    var data: String

    @Option(help: ArgumentHelp("compressed, full, retrieval, none, with commas between.", valueName: "mode,..."))
    var modes = "compressed"

    @Option(
        help: ArgumentHelp(
            "An adapter's folder in PEFT's layout, or none. Default: the group's, where one is given.", valueName: "dir"
        ))
    var adapter: String?

    @Option(help: ArgumentHelp("Only the first N documents.", valueName: "n"))
    var limit: Int?

    @Option(help: ArgumentHelp("Write every prediction to this file, a JSON line each.", valueName: "file"))
    var predictions: String?

    @Option(help: ArgumentHelp("Take the documents from this group of the library.", valueName: "name"))
    var group: String?

    @Option(help: ArgumentHelp("Generate at most so many tokens an answer.", valueName: "n"))
    var maxTokens = 48

    @OptionGroup var library: LibraryOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    private func parsedModes() throws -> [AnswerMode] {
        try modes.split(separator: ",").map { name in
            guard let mode = AnswerMode(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
                throw ValidationError(
                    "--modes: unknown mode '\(name)', expected \(AnswerMode.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            return mode
        }
    }

    func validate() throws {
        guard try !parsedModes().isEmpty else { throw ValidationError("--modes: expected at least one mode") }
        if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected 1 or more") }
        guard 1...1_048_576 ~= maxTokens else {
            throw ValidationError("--max-tokens \(maxTokens): expected 1 to 1048576")
        }
    }

    func run() throws {
        var set = try QuestionSet(contentsOf: URL(filePath: data), text: group == nil ? .required : .optional)
        if let limit { set.documents = Array(set.documents.prefix(limit)) }
        let stored = try group.map { _ in try library.open(for: .reading) }
        let engine = try engine.load()
        let evaluator = try Evaluator(engine: engine, library: stored, group: group)
        evaluator.maximumTokens = maxTokens
        switch adapter {
        case nil: break
        case "none": evaluator.usesAdapter = false
        case .some(let folder):
            let checkpoint = try AdapterCheckpoint.read(URL(filePath: folder))
            // Adapters from here name their model by its digest, others by a name that says nothing of this file.
            if let base = checkpoint.configuration.baseModel, base.count == 64, base.allSatisfy(\.isHexDigit),
                base != engine.modelIdentity
            {
                throw CommandError(
                    "--adapter \(folder): trained for another model (\(base.prefix(12))…, this is "
                        + "\(engine.modelIdentity.prefix(12))…)")
            }
            try evaluator.setAdapter(Adapter(checkpoint, for: engine.model.decoder))
        }
        let log = try predictions.map { try PredictionFile($0) }
        let bar = ProgressBar("evaluating")
        var results: [EvaluationResult] = []
        let modes = try parsedModes()
        for (index, mode) in modes.enumerated() {
            let result = try evaluator.evaluate(set, mode: mode, name: URL(filePath: data).lastPathComponent) {
                prediction, done in
                try log?.append(prediction)
                bar.update(
                    index * set.questionCount + done, of: modes.count * set.questionCount, detail: mode.rawValue)
            }
            if output.json {
                ProgressBar.clearLine()
                try Terminal.json(result)
            }
            results.append(result)
        }
        bar.finish()
        for omission in evaluator.omissions { Terminal.note(omission) }
        if evaluator.cutAnswers > 0 {
            Terminal.note(
                "\(evaluator.cutAnswers) of \(modes.count * set.questionCount) answers were cut after \(maxTokens) tokens: "
                    + "--max-tokens allows no more")
        }
        if !output.json {
            let table = Text.table(
                ["mode", "questions", "F1", "EM", "ROUGE-1", "ROUGE-2", "ROUGE-L", "context tokens", "s a question"],
                results.map {
                    [$0.mode.rawValue, "\($0.questions)"]
                        + [$0.f1, $0.em, $0.rouge1, $0.rouge2, $0.rougeL].map { String(format: "%.1f", $0) }
                        + [String(format: "%.0f", $0.contextTokens), String(format: "%.2f", $0.secondsPerQuestion)]
                })
            for line in table { Terminal.print(line) }
        }
    }
}

private struct PredictionFile {
    private let handle: FileHandle

    init(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw CommandError("--predictions \(path): the file cannot be written") }
        self.handle = handle
    }

    func append(_ prediction: Prediction) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try handle.write(contentsOf: encoder.encode(prediction) + Data("\n".utf8))
    }
}

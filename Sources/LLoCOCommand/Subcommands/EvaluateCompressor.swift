import ArgumentParser
import Foundation
import LLoCOCompression
import LLoCODocuments
import LLoCOEvaluation
import LLoCOModels
import LLoCOReports
import LLoCOTraining

struct EvaluateCompressor: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how much of a text's content a compressor's vectors carry.",
        discussion: """
            The last 512 tokens of each text are scored, in every condition right after the 128 before them. Before those \
            stand nothing (none), N segments of the text (full, as far as the window goes), their vectors (compressed), or \
            as many of their own tokens as there are vectors, the least expected ones (extract). "gap closed" is \
            (none - compressed) / (none - full), the share of what the text is worth that its vectors keep. Vectors of another \
            text (foreign) close what is no memory, such as the manner of what a compressor was trained on.

            Texts are plain files, or JSON Lines with a field "text" or "document", gzipped or not. 'train-compressor' keeps \
            one text in twenty from training; --held-out measures those alone.

            With --questions the right answers to questions about documents are scored instead, in nats a token: after \
            nothing (none), the document's vectors (compressed), the pieces of its text that mode hybrid would read \
            (passages), both (hybrid), the whole text (full), and another document's vectors (foreign), which close what is \
            no memory. Vectors, pieces and both have the same number of positions, --budget.

              lloco evaluate-compressor corpus.jsonl.gz --held-out
              lloco evaluate-compressor book.txt --segments 1,4,16 --compressor DIR
              lloco evaluate-compressor --questions val.jsonl.gz --limit 200
            """)

    @Argument(help: ArgumentHelp("Texts that the compressor has not been trained on.", valueName: "text"))
    var texts: [String] = []

    @Option(
        help: ArgumentHelp(
            "Score the answers of a question set, JSON Lines with a field \"document\".", valueName: "file"))
    var questions: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --questions: the maximum number of questions, drawn by --seed.", discussion: "Default: all.",
            valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "With --questions: read everything with this adapter, a folder in PEFT's layout.",
            discussion: "Default: none.",
            valueName: "dir"))
    var adapter: String?

    @OptionGroup var budget: BudgetOptions

    @Option(
        help: ArgumentHelp(
            "Numbers of segments before the scored tokens.", discussion: "Default: 1,2,4,8,16,32.", valueName: "n,n"))
    var segments: Counts?

    @Option(
        help: ArgumentHelp(
            "The maximum number of texts at each number of segments.", discussion: "Default: 32.", valueName: "n"))
    var samples: Int?

    @Flag(help: "Only texts that 'train-compressor' keeps from training.")
    var heldOut = false

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let samples, samples < 1 { throw ValidationError("--samples \(samples): expected 1 or more") }
        if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected 1 or more") }
        guard questions.isEmpty else {
            for (option, isGiven) in [
                ("TEXT", !texts.isEmpty), ("--held-out", heldOut), ("--segments", segments != nil),
                ("--samples", samples != nil),
            ] where isGiven {
                throw ValidationError("\(option): texts are measured without --questions, in a run of their own")
            }
            return
        }
        guard !texts.isEmpty else { throw ValidationError("neither TEXT nor --questions FILE was given") }
        for (option, isGiven) in [
            ("--limit", limit != nil), ("--adapter", adapter != nil), ("--budget", budget.budget != nil),
            ("--text-share", budget.textShare != nil),
        ] where isGiven {
            throw ValidationError("\(option) is about --questions FILE, which is missing")
        }
    }

    func compute() throws {
        if questions.isEmpty { try measureTexts() } else { try measureAnswers() }
    }

    private func measureAnswers() throws {
        let sets = try questions.map { try QuestionSet(contentsOf: URL(filePath: $0)) }
        let loaded = try engine.load(withEmbedder: false, withAdapter: false)
        let measure = try AnswerMeasure(
            loaded.compressor, tokenizer: loaded.languageModel.tokenizer, size: budget.budget ?? .usual,
            textShare: budget.textShare, adapter: adapter.map { try AnswerOptions.adapter($0, for: loaded) })
        let evaluation = try AnswerEvaluation(
            sets, measure: measure, count: limit, seed: engine.model.compute.seed)
        let bar = ProgressBar("measuring")
        let figures = try evaluation.figures { bar.update($0, of: $1) }
        bar.finish()
        if output.json { try Terminal.json(figures) } else { Self.print(figures) }
        if figures.omitted > 0 {
            Terminal.note("\(figures.omitted) questions were left out: with their context they do not fit the window")
        }
    }

    private static func print(_ figures: AnswerFigures) {
        Terminal.print(
            "\(figures.questions) questions about \(figures.documents) documents, "
                + String(format: "%.0f positions for one", figures.positions))
        Terminal.print("            nats a token  gap closed  (95 % interval)")
        var rows: [(String, Double, IntervalEstimate?)] = [
            ("none", figures.lossNone, nil), ("compressed", figures.lossCompressed, figures.gapClosedCompressed),
            ("passages", figures.lossPassages, figures.gapClosedPassages),
            ("hybrid", figures.lossHybrid, figures.gapClosedHybrid), ("full", figures.lossFull, nil),
        ]
        if let loss = figures.lossForeign { rows.append(("foreign", loss, figures.gapClosedForeign)) }
        func interval(_ figure: IntervalEstimate) -> String {
            String(format: "%10.3f  (%.3f to %.3f)", figure.mean, figure.low, figure.high)
        }
        for (name, loss, closed) in rows {
            Terminal.print(
                name.padding(toLength: 12, withPad: " ", startingAt: 0) + String(format: "%12.4f", loss)
                    + (closed.map { "  " + interval($0) } ?? ""))
        }
        for (name, gain) in [
            ("hybrid beyond compressed", figures.hybridBeyondCompressed),
            ("hybrid beyond passages", figures.hybridBeyondPassages),
            ("compressed beyond passages", figures.compressedBeyondPassages),
            ("compressed beyond foreign", figures.compressedBeyondForeign),
        ] {
            guard let gain else { continue }
            Terminal.print(name.padding(toLength: 26, withPad: " ", startingAt: 0) + interval(gain))
        }
        if figures.gapClosedCompressed == nil {
            Terminal.note("no share of a gap: the text makes these answers no likelier than nothing does")
        }
    }

    private func measureTexts() throws {
        let corpus = try TrainingCorpus(contentsOf: texts.map { URL(filePath: $0) })
        if heldOut, corpus.count < TrainingText.minimumCorpus {
            throw CommandError(
                "--held-out: 'train-compressor' keeps texts from training where it is given "
                    + "\(TrainingText.minimumCorpus) or more, found \(corpus.count): give all that it was trained on, or "
                    + "others without --held-out")
        }
        let loaded = try engine.load(withEmbedder: false, withAdapter: false)
        var options = CompressorEvaluation.Options()
        options.segments = segments?.values ?? options.segments
        options.samples = samples ?? options.samples
        options.heldOutOnly = heldOut
        options.seed = self.engine.model.compute.seed
        let evaluation = try CompressorEvaluation(
            corpus, measure: CompressorMeasure(loaded.compressor), tokenizer: loaded.languageModel.tokenizer,
            options: options)
        let bar = ProgressBar("measuring")
        let figures = try evaluation.figures { bar.update($0, of: $1) }
        bar.finish()
        if output.json {
            for line in figures { try Terminal.json(line) }
        } else {
            Self.print(figures)
        }
        let size = loaded.compressor.scheme.segmentTokens
        for line in figures where line.fullTokens < line.segments * size {
            Terminal.note(
                "\(line.segments) segments: of their \(line.segments * size) tokens full read the last \(line.fullTokens), as "
                    + "many as the window holds")
        }
        for count in Set(options.segments).subtracting(figures.map(\.segments)).sorted() {
            let needed = evaluation.measure.tokens(segments: count)
            Terminal.note("\(count) segments: no text has the \(needed) tokens that it needs")
        }
    }

    private static func print(_ figures: [CompressorFigures]) {
        Terminal.print(
            "segments  texts    none    full  compressed  extract  gap closed  (95 % interval)  extract's  foreign's")
        for line in figures {
            Terminal.print(
                String(
                    format: "%8d  %5d  %6.4f  %6.4f  %10.4f  %7.4f  %10.3f  (%.3f to %.3f)  %9.3f  ", line.segments,
                    line.texts, line.lossNone, line.lossFull, line.lossCompressed, line.lossExtract, line.gapClosed,
                    line.gapClosedLow, line.gapClosedHigh, line.gapClosedExtract)
                    + (line.gapClosedForeign.map { String(format: "%9.3f", $0) } ?? "        –"))
        }
    }
}

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
        abstract: "Measure what a compressor's vectors keep of a text.",
        usage: """
            lloco evaluate-compressor <text> ... [<options>]
            lloco evaluate-compressor --questions <file> [<options>]
            """,
        discussion: """
              lloco evaluate-compressor corpus.jsonl.gz --held-out
              lloco evaluate-compressor book.txt --segments 1,4,16 --compressor DIR
              lloco evaluate-compressor --questions val.jsonl.gz --limit 200

            The last 512 tokens of each text are scored, after nothing (none), n segments of the text (full), their \
            vectors (compressed), as many of their least expected tokens (extract) or another text's vectors \
            (foreign). gap closed is (none - compressed) / (none - full). Docs/compressors.md says more.

            With --questions the right answers to questions are scored, in nats per token, after nothing, vectors, \
            pieces of text (passages), both (hybrid), the whole text and another document's vectors.

            \(HelpText.allOptions)
            """)

    @Argument(help: ArgumentHelp("Plain texts, or JSON Lines with \"text\" or \"document\".", valueName: "text"))
    var texts: [String] = []

    @Option(
        help: ArgumentHelp(
            "Score the answers of a question set with documents.", valueName: "file"))
    var questions: [String] = []

    @Option(
        help: ArgumentHelp(
            "Maximum number of questions, sampled by --seed.", valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "With --questions: use this adapter, a folder in PEFT's layout. Default: none.",
            valueName: "dir", visibility: .hidden))
    var adapter: String?

    @OptionGroup var budget: BudgetOptions

    @Option(
        help: ArgumentHelp(
            "Numbers of segments. Default: 1,2,4,8,16,32.",
            discussion: """
                In every condition the scored tokens follow the 128 tokens before them. Before those stand the \
                segments, which full reads as far as the window allows. What another text's vectors close is not \
                memory, but for instance the style of the training texts.
                """, valueName: "n,n", visibility: .hidden))
    var segments: Counts?

    @Option(
        help: ArgumentHelp(
            "Maximum number of texts per number of segments. Default: 32.", valueName: "n", visibility: .hidden))
    var samples: Int?

    @Flag(help: "Score the texts that 'train-compressor' holds out, 1 in 20.")
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
                throw ValidationError("\(option): found with --questions, expected without")
            }
            return
        }
        guard !texts.isEmpty else { throw ValidationError("found no input, expected TEXT or --questions FILE") }
        for (option, isGiven) in [
            ("--limit", limit != nil), ("--adapter", adapter != nil), ("--budget", budget.budget != nil),
            ("--text-share", budget.textShare != nil),
        ] where isGiven {
            throw ValidationError("\(option): found without --questions FILE, expected with it")
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
            Terminal.note("\(figures.omitted) questions were left out: with the context they exceed the context window")
        }
    }

    private static func print(_ figures: AnswerFigures) {
        Terminal.print(
            "\(figures.questions) questions about \(figures.documents) documents, "
                + String(format: "%.0f positions for one", figures.positions))
        Terminal.print("              nats/token  gap closed  (95 % interval)")
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
            Terminal.note("gap closed is undefined: the text makes these answers no likelier than no text does")
        }
    }

    private func measureTexts() throws {
        let corpus = try TrainingCorpus(contentsOf: texts.map { URL(filePath: $0) })
        if heldOut, corpus.count < TrainingText.minimumCorpus {
            throw CommandError(
                "--held-out: found \(corpus.count) texts, expected \(TrainingText.minimumCorpus) or more, of which "
                    + "'train-compressor' holds some out: give all of its texts, or others without --held-out")
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
                "\(line.segments) segments: of their \(line.segments * size) tokens full read the last "
                    + "\(line.fullTokens), as many as fit the window")
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

import ArgumentParser
import Foundation
import LLoCOBase
import LLoCOCompression
import LLoCOEvaluation
import LLoCOModels
import LLoCOTokenizers
import LLoCOTraining

struct EvaluateCompressor: ParsableCommand {
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

              lloco evaluate-compressor corpus.jsonl.gz --held-out
              lloco evaluate-compressor book.txt --segments 1,4,16 --compressor DIR
            """)

    @Argument(help: ArgumentHelp("Texts that the compressor has not been trained on.", valueName: "text"))
    var texts: [String]

    @Option(help: ArgumentHelp("Numbers of segments before the scored tokens.", valueName: "n,n"))
    var segments = Counts([1, 2, 4, 8, 16, 32])

    @Option(help: ArgumentHelp("At most so many texts at each number of segments.", valueName: "n"))
    var samples = 32

    @Flag(help: "Only texts that 'train-compressor' keeps from training.")
    var heldOut = false

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if samples < 1 { throw ValidationError("--samples \(samples): expected 1 or more") }
    }

    /// A text's tokens, of which the last are scored, and what is measured on them.
    private struct Window {
        let text: CompressorMeasure.Text
        let segments: [Int]
    }

    func run() throws {
        guard !texts.isEmpty else { throw CommandError("no TEXT was given") }
        var read = try texts.flatMap { try TrainingText.texts(in: URL(filePath: $0)) }
        if heldOut {
            guard read.count >= TrainingText.leastCorpus else {
                throw CommandError(
                    "--held-out: 'train-compressor' keeps texts from training where it is given "
                        + "\(TrainingText.leastCorpus) or more, here are \(read.count): give all that it was trained on, or "
                        + "others without --held-out")
            }
            read = read.filter(TrainingText.isHeldOut)
        }
        let engine = try engine.load(withEmbedder: false, withAdapter: false)
        let measure = try CompressorMeasure(engine.compressor)
        let windows = try windows(of: read, measure, engine.model.tokenizer)
        guard !windows.isEmpty else {
            let needed = measure.tokens(segments: segments.values.min() ?? 1)
            throw CommandError(
                "none of the \(read.count) \(heldOut ? "held-out " : "")texts has the \(needed) tokens that the measure needs"
            )
        }
        let bar = ProgressBar("measuring")
        let total = windows.reduce(0) { $0 + $1.segments.reduce($1.segments.max() ?? 0, +) }
        var done = 0
        let outcomes = try windows.indices.map { index in
            let window = windows[index]
            // The next text that is as long.
            let other = (windows[(index + 1)...] + windows[..<index]).first {
                $0.text.ids.count >= window.text.ids.count
            }
            defer { window.text.forgetVectors() }
            return try measure.losses(of: window.text, segments: window.segments, beside: other?.text) {
                done += 1
                bar.update(done, of: total)
            }
        }
        bar.finish()
        let figures = Set(segments.values).sorted().compactMap {
            CompressorFigures(outcomes, segments: $0, seed: self.engine.model.compute.seed)
        }
        if output.json {
            for line in figures { try Terminal.json(line) }
        } else {
            Self.print(figures)
        }
        let size = engine.compressor.scheme.segmentTokens
        for line in figures where line.fullTokens < line.segments * size {
            Terminal.note(
                "\(line.segments) segments: of their \(line.segments * size) tokens full read the last \(line.fullTokens), as "
                    + "many as the window holds")
        }
        for count in Set(segments.values).subtracting(figures.map(\.segments)).sorted() {
            Terminal.note("\(count) segments: no text has the \(measure.tokens(segments: count)) tokens that it needs")
        }
    }

    /// The first texts, by their digests, that are long enough for each number of segments; each is cut at a random place.
    private func windows(
        of texts: [String], _ measure: CompressorMeasure, _ tokenizer: any Tokenizer
    ) throws -> [Window] {
        var left = Dictionary(segments.values.map { ($0, samples) }, uniquingKeysWith: { first, _ in first })
        var windows: [Window] = []
        for (digest, text) in texts.map({ (TrainingText.digest(of: $0), $0) }).sorted(by: { $0.0 < $1.0 }) {
            let ids = tokenizer.encode(text, special: .asText)
            let fitting = left.filter { $0.value > 0 && measure.tokens(segments: $0.key) <= ids.count }.keys.sorted()
            guard let most = fitting.last else { continue }
            let bits = UInt64(digest.prefix(16), radix: 16) ?? 0
            var generator = SplitMix64(seed: engine.model.compute.seed &+ bits)
            let needed = measure.tokens(segments: most)
            let end = Int.random(in: needed...ids.count, using: &generator)
            windows.append(Window(text: .init(Array(ids[end - needed..<end])), segments: fitting))
            for count in fitting { left[count]? -= 1 }
            if left.values.allSatisfy({ $0 == 0 }) { break }
        }
        return windows
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

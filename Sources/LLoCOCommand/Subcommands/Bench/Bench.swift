import ArgumentParser
import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOTorch

struct Bench: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure speed and memory on this machine.",
        usage: "lloco bench [<works> ...] [<options>]",
        discussion: """
              lloco bench prefill decode --runs 5
              lloco bench answer --contexts 1k,8k

              prefill   the logits of the last of N tokens, from an empty cache
              decode    32 greedy steps after N tokens
              train     one LoRA step over N tokens
              compress  N tokens to vectors
              answer    the first token, later tokens and memory of an answer about N
                        tokens: from their vectors, and from the text
              finetune  questions per second about a document: from its vectors, and
                        from its text
              retrieve  a search in a library of N passages

            Texts are random tokens. A work takes seconds to minutes; answer compresses every text first. \
            Benchmarks/README.md says how each figure is measured.

            \(HelpText.allOptions)
            """)

    enum Work: String, CaseIterable, ExpressibleByArgument {
        case prefill, decode, train, compress, answer, finetune, retrieve
    }

    @Argument(help: "The works to measure. Default: all.")
    var works: [Work] = []

    @Option(help: ArgumentHelp("Timed runs, whose median counts.", valueName: "n"))
    var runs = 3

    @Option(
        help: ArgumentHelp(
            "prefill, decode, train, compress: the lengths N.",
            discussion: "Default: 512, 1536 and 4096 for prefill, 128 and 4096 for decode, 512 and 1536 for train, "
                + "1536 and 6144 for compress.", valueName: "n,n", visibility: .hidden))
    var tokens: Counts?

    @Option(
        help: ArgumentHelp(
            "answer: the texts' lengths in tokens; 8k is 8000.",
            discussion: "A length that exceeds the model's window with question and answer is \"beyond the window\".",
            valueName: "n,n", visibility: .hidden))
    var contexts = Counts([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000])

    @Option(
        help: ArgumentHelp(
            "answer, finetune: tokens of a question with its template.", valueName: "n", visibility: .hidden))
    var questionTokens = Count(32)

    @Option(help: ArgumentHelp("answer, finetune: tokens of an answer.", valueName: "n", visibility: .hidden))
    var answerTokens = Count(32)

    @Flag(
        help: ArgumentHelp(
            "answer: use random vectors instead of compressing a text.",
            discussion: "Reading costs depend on the number of vectors alone. Compressing 128k tokens takes minutes.",
            visibility: .hidden))
    var syntheticVectors = false

    @Option(help: ArgumentHelp("answer: plot the seconds to this file.", valueName: "file.svg", visibility: .hidden))
    var plot: String?

    @Option(help: ArgumentHelp("finetune: the document's length in tokens.", valueName: "n", visibility: .hidden))
    var documentTokens = Count(8000)

    @Option(
        help: ArgumentHelp("retrieve: the libraries' sizes in passages.", valueName: "n,n", visibility: .hidden))
    var passages = Counts([1000, 10_000, 100_000])

    @Option(help: .private)
    var measurement: Measurement?

    @OptionGroup var training: TrainingOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard runs >= 1, runs <= 1000 else { throw ValidationError("--runs \(runs): expected 1 to 1000") }
        guard answerTokens.value >= 2 else {
            throw ValidationError("--answer-tokens \(answerTokens.value): expected 2 or more")
        }
    }

    func compute() async throws {
        if let measurement { return measurement.run(self) }
        let works = works.isEmpty ? Work.allCases : works
        // Loaded by the works that need it: the others measure in child processes, or search only.
        var loaded: LoadedModel?
        func model() throws -> LoadedModel {
            let model = try loaded ?? engine.load(withEmbedder: false)
            loaded = model
            return model
        }
        // One table for all works with the same columns.
        var speeds: BenchTable?
        func speed() -> BenchTable {
            let table = speeds ?? speedTable()
            speeds = table
            return table
        }
        for work in works {
            switch work {
            case .prefill: try measurePrefill(model(), speed())
            case .decode: try measureDecode(model(), speed())
            case .train: try measureTrain(model(), speed())
            case .compress: try measureCompress(model(), speed())
            case .answer, .finetune, .retrieve:
                (loaded, speeds) = (nil, nil)
                if work == .answer { try measureAnswer() }
                if work == .finetune { try measureFinetune() }
                if work == .retrieve { try await measureRetrieve() }
            }
        }
    }

    /// Random ids, reproducible by the seed, without the first ten, which tokenizers use for special tokens.
    func randomIDs(_ count: Int, vocabulary: Int, salt: UInt64 = 0) -> [Int] {
        var generator = SplitMix64(seed: engine.model.compute.seed &+ salt)
        return (0..<count).map { _ in Int.random(in: min(10, vocabulary - 1)..<vocabulary, using: &generator) }
    }

    /// The median seconds of `runs` runs of a work after a warm-up run.
    func medianSeconds(_ title: String, warmUp: Bool = true, _ body: () throws -> Void) throws -> Double {
        let bar = ProgressBar(title)
        defer { bar.finish() }
        if warmUp { try body() }
        var times: [Double] = []
        for run in 0..<runs {
            bar.update(run, of: runs)
            let start = ContinuousClock.now
            try body()
            times.append(start.duration(to: .now).seconds)
        }
        return times.median
    }
}

extension [Double] {
    /// The middle element, or the mean of the two in the middle. The array must not be empty.
    var median: Double {
        let sorted = self.sorted()
        return (sorted[count / 2] + sorted[(count - 1) / 2]) / 2
    }
}

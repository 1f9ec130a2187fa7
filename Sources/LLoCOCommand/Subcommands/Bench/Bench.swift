import ArgumentParser
import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCOTorch

struct Bench: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure this machine: how fast everything is, compressed against full text.",
        discussion: """
            Random tokens stand for texts: what they say does not change what they cost. A figure is the median of --runs \
            timed runs after one that is not counted, but for three: an answer is warmed up with a question alone, without \
            the text; the seconds of compressing a text for it, and those of a library's first search and of its writing, \
            are of a single run. A search's other figures are medians of 50 questions.

              prefill   the scores of the last of N tokens, from an empty cache (N = 512, 1536, 4096)
              decode    32 greedy steps, one at a time, after N tokens (N = 128, 4096)
              train     one LoRA step over N tokens: rank 8 on q, k, v and o, cross-entropy on every token, AdamW \
            (N = 512, 1536)
              compress  N tokens to vectors (N = 1536, 6144)
              answer    a question about a text of N tokens, N = --contexts: time until the first token, time of each \
            token after it, peak memory; with the text's vectors before the question (compressed) and with the text \
            itself (full). What is longer than the model's window, question and answer included, is "beyond the window"
              finetune  steps on questions about a document of --document-tokens, a batch as the recipe says: questions \
            learned a second, compressed against full
              retrieve  a question's search in libraries of --passages passages, with and without embedding the question

            One work takes seconds to minutes. Answer compresses every text first, which is the offline part: 128k tokens \
            take minutes, --synthetic-vectors leaves that out (what reading vectors costs depends on their number alone). \
            Answer and finetune run every measurement in a process of its own, so that its peak memory is its own.

              lloco bench prefill decode --runs 5
              lloco bench answer --contexts 1k,8k
              lloco bench retrieve --passages 100k --json
            """)

    enum Work: String, CaseIterable, ExpressibleByArgument {
        case prefill, decode, train, compress, answer, finetune, retrieve
    }

    @Argument(help: "Which works; default: all.")
    var works: [Work] = []

    @Option(help: ArgumentHelp("Timed runs; the median counts.", valueName: "n"))
    var runs = 3

    @Option(
        help: ArgumentHelp(
            "prefill, decode, train, compress: these lengths instead of those above.", valueName: "n,n"))
    var tokens: Counts?

    @Option(help: ArgumentHelp("answer: the texts' lengths in tokens; 8k is 8000.", valueName: "n,n"))
    var contexts = Counts([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000])

    @Option(help: ArgumentHelp("answer, finetune: tokens of a question with its template.", valueName: "n"))
    var questionTokens = Count(32)

    @Option(help: ArgumentHelp("answer, finetune: tokens of an answer.", valueName: "n"))
    var answerTokens = Count(32)

    @Flag(help: "answer: make the vectors up instead of compressing a text.")
    var syntheticVectors = false

    @Option(help: ArgumentHelp("finetune: the document's length in tokens.", valueName: "n"))
    var documentTokens = Count(8000)

    @Option(help: ArgumentHelp("retrieve: the libraries' sizes in passages.", valueName: "n,n"))
    var passages = Counts([1000, 10_000, 100_000])

    @Option(help: .hidden)
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
        // Loaded by the works that need it: the others measure in processes of their own, or search only.
        var loaded: LoadedModel?
        func model() throws -> LoadedModel {
            let model = try loaded ?? engine.load(withEmbedder: false)
            loaded = model
            return model
        }
        // One table for all works that have the same columns.
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

    /// Random ids that no tokenizer keeps for special tokens, the same for the same seed.
    func randomIDs(_ count: Int, vocabulary: Int, salt: UInt64 = 0) -> [Int] {
        var generator = SplitMix64(seed: engine.model.compute.seed &+ salt)
        return (0..<count).map { _ in Int.random(in: min(10, vocabulary - 1)..<vocabulary, using: &generator) }
    }

    /// The seconds of a work, the median: once to warm up, then `runs` times.
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
    /// The middle one, or the mean of the two in the middle; of none there is none.
    var median: Double {
        let sorted = self.sorted()
        return (sorted[count / 2] + sorted[(count - 1) / 2]) / 2
    }
}

import ArgumentParser
import Checkpoints
import Foundation
import LLoCO
import Models
import Torch

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure this machine: prefill, decode, train, compress, answer.",
        discussion: """
            prefill  the scores of the last of N random tokens, from an empty cache
            decode   greedy steps one at a time after N tokens
            train    one LoRA step over N tokens, cross-entropy on every token
            compress N tokens to vectors
            answer   until the first token of an answer about N tokens: "answer-compressed" reads vectors, \
            "answer-full" the text
            """)

    enum Work: String, CaseIterable, ExpressibleByArgument { case prefill, decode, train, compress, answer }

    @Argument(help: "Which works; default: all.")
    var works: [Work] = []

    @Option(help: ArgumentHelp("Timed runs; the median counts.", valueName: "n"))
    var runs = 3

    @OptionGroup var engine: EngineOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard runs >= 1, runs <= 1000 else { throw ValidationError("--runs \(runs): expected 1 to 1000") }
    }

    private struct Line: Encodable {
        let peer = "lloco"
        let work: String
        let tokens: Int
        let seconds: Double
        let tokensPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case peer, work, tokens, seconds
            case tokensPerSecond = "tokens_per_second"
        }
    }

    func run() throws {
        let engine = try engine.load(withEmbedder: false)
        let decoder = engine.model.decoder
        var generator = SplitMix64(seed: self.engine.model.compute.seed)
        func ids(_ count: Int) -> [Int] {
            let limit = decoder.configuration.vocabularySize
            return (0..<count).map { _ in Int.random(in: min(10, limit - 1)..<limit, using: &generator) }
        }
        func last(_ hidden: Tensor) throws -> Int {
            let state = try hidden.narrowed(1, start: hidden.size(1) - 1, length: 1)
            return Int(try decoder.logits(state).argmax().item())
        }
        for work in works.isEmpty ? Work.allCases : works {
            switch work {
            case .prefill:
                for count in [512, 1536, 4096] where count <= engine.model.window {
                    let embeddings = try decoder.embed(ids(count))
                    try report("prefill", count, count) {
                        _ = try withoutGradients { try last(decoder.hiddenStates(embeddings, last: 1)) }
                    }
                }
            case .decode:
                for count in [128, 4096] where count + 33 <= engine.model.window {
                    try withoutGradients {
                        let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
                        var token = try last(
                            decoder.hiddenStates(decoder.embed(ids(count)), cache: cache, last: 1))
                        let session = try engine.model.decodeSession(cache)
                        token = Int(try session.step(token).argmax().item())
                        try report("decode", count, 32, once: true) {
                            for _ in 0..<32 {
                                token = Int(try session.step(token).argmax().item())
                            }
                        }
                    }
                }
            case .train:
                let recipe = FinetuningRecipe()
                for count in [512, 1536] where count <= engine.model.window {
                    let row = ids(count)
                    var options = recipe
                    options.dropout = 0
                    options.epochs = runs + 1
                    options.learningRate = 1e-4
                    let example = FinetuningExample(document: 0, prompt: [row[0]], answer: Array(row.dropFirst()))
                    let finetuner = try Finetuner(
                        decoder: decoder, recipe: options,
                        documents: [.zeros([0, decoder.configuration.hiddenSize])], examples: [example], seed: 0)
                    try report("train", count, count) { _ = try finetuner.step() }
                }
            case .compress:
                let compressor = try engine.compressor
                for count in [1536, 6144] {
                    let row = ids(count)
                    try report("compress", count, count) { _ = try compressor.compress(row) }
                }
            case .answer:
                let compressor = try engine.compressor
                let question = ids(32)
                for count in [1536, 6144] where count + 32 < engine.model.window {
                    let row = ids(count)
                    let vectors = try compressor.compress(row).unsqueezed(0).to(decoder.dtype, device: decoder.device)
                    try report("answer-compressed", count, count) {
                        _ = try withoutGradients {
                            let prompt = try Tensor.concatenated([vectors, decoder.embed(question)], 1)
                            return try last(
                                decoder.hiddenStates(
                                    prompt, adapters: compressor.adapters, last: 1))
                        }
                    }
                    let prompt = try decoder.embed(row + question)
                    try report("answer-full", count, count) {
                        _ = try withoutGradients { try last(decoder.hiddenStates(prompt, last: 1)) }
                    }
                }
            }
        }
    }

    /// Times a work: once to warm up, then `runs` times; `once` for a work that cannot be repeated.
    private func report(_ work: String, _ tokens: Int, _ count: Int, once: Bool = false, _ body: () throws -> Void)
        throws
    {
        if !once { try body() }
        var times: [Double] = []
        for _ in 0..<(once ? 1 : runs) {
            let start = ContinuousClock.now
            try body()
            times.append(start.duration(to: .now).seconds)
        }
        let seconds = times.sorted()[times.count / 2]
        let line = Line(work: work, tokens: tokens, seconds: seconds, tokensPerSecond: Double(count) / seconds)
        if output.json {
            try Terminal.json(line)
        } else {
            Terminal.print(
                "\(work.padded(to: 18))"
                    + String(format: "%6d tokens %9.3f s %10.1f tokens/s", tokens, seconds, line.tokensPerSecond))
        }
    }
}

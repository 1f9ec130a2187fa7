import ArgumentParser
import Foundation
import LLoCOModels
import LLoCOTokenizers

struct Perplexity: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a text's log-likelihood and perplexity.",
        usage: "lloco perplexity <file> [<options>]",
        discussion: """
            Prints the summed negative log-likelihood in nats and the perplexity.

              lloco perplexity book.txt --tokens 2000

            With --decode-weights lossless, 8-bit or 4-bit the text is scored token by token with the weights that \
            answers are generated with. The difference is the cost of quantization.

            \(HelpText.allOptions)
            """)

    @Argument(help: "A text file, or - for stdin. None with --ids.")
    var file: String?

    @Option(help: ArgumentHelp("Token ids instead of a text, as 1,2,3.", valueName: "ids"))
    var ids: String?

    @Option(help: ArgumentHelp("Score the first n tokens only.", valueName: "n"))
    var tokens: Int?

    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (file == nil) != (ids == nil) else {
            throw ValidationError("expected a text file or --ids, one of the two")
        }
        _ = try ids.map(TokenIDs.parse)
        if let tokens, tokens < 2 { throw ValidationError("--tokens \(tokens): expected 2 or more") }
    }

    private struct Result: Encodable {
        let tokens: Int
        let nll: Double
        let perplexity: Double
    }

    func compute() throws {
        let text = try file.map { try TextInput.read($0) }
        let model = try model.load(exact: true)
        var ids = try self.ids.map(TokenIDs.parse) ?? model.tokenizer.encode(text ?? "", special: .parsed)
        if let tokens { ids = Array(ids.prefix(tokens)) }
        guard ids.count > 1 else {
            throw CommandError(
                "\(file ?? "--ids"): \(ids.isEmpty ? "empty" : "one token"), expected at least two tokens to score")
        }
        let nll =
            switch self.model.decodeWeights {
            case .automatic, .full: try model.negativeLogLikelihood(of: ids)
            case .lossless, .eightBit, .fourBit: try byStep(model, ids)
            }
        let result = Result(tokens: ids.count, nll: nll, perplexity: exp(nll / Double(ids.count - 1)))
        if output.json {
            try Terminal.json(result)
        } else {
            Terminal.print(
                String(format: "%d tokens, nll %.3f, perplexity %.3f", result.tokens, result.nll, result.perplexity))
        }
    }

    private func byStep(_ model: LanguageModel, _ ids: [Int]) throws -> Double {
        let bar = ProgressBar("perplexity")
        defer { bar.finish() }
        return try model.negativeLogLikelihoodByStep(of: ids) { bar.update($0, of: ids.count - 1) }
    }
}

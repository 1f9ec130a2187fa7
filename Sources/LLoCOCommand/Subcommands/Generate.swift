import ArgumentParser
import LLoCOBase
import LLoCOModels
import LLoCOTokenizers

struct Generate: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a prompt.",
        usage: "lloco generate <prompt> [<options>]",
        discussion: """
            Greedy by default. Special tokens in the prompt, such as <|im_start|>, are parsed; none are added.

              lloco generate "The river rose" --max-tokens 20

            \(HelpText.allOptions)
            """)

    @Argument(help: "The text to continue. None with --ids.")
    var prompt: String?

    @Option(help: ArgumentHelp("Token ids to continue, as 1,2,3, without a tokenizer.", valueName: "ids"))
    var ids: String?

    @OptionGroup var generation: GenerationFlags
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    private struct Result: Encodable {
        let ids: [Int]
        let text: String
    }

    func validate() throws {
        guard (prompt == nil) != (ids == nil) else {
            throw ValidationError("expected a prompt or --ids, one of the two")
        }
        _ = try ids.map(TokenIDs.parse)
    }

    func compute() throws {
        let model = try model.load(exact: true)
        let ids = try self.ids.map(TokenIDs.parse) ?? model.tokenizer.encode(prompt ?? "", special: .parsed)
        guard !ids.isEmpty else { throw CommandError("the prompt is empty") }
        var options = try generation.options(seed: self.model.compute.seed)
        options.idsAlone = self.ids != nil
        if options.idsAlone { Self.noteUnsupportedTokenizer(of: model) }
        let result = try model.generate(model.decoder.embed(ids), options: options) {
            if !output.json { Terminal.write($0) }
        }
        if output.json {
            try Terminal.json(Result(ids: result.ids, text: result.text))
        } else {
            // Without a tokenizer the ids stand for the text.
            Terminal.write((model.hasTokenizer ? "" : result.ids.map(String.init).joined(separator: ",")) + "\n")
        }
        switch result.end {
        case .length: Terminal.note(Text.cut("the text", after: result.ids.count))
        case .window: Terminal.note("the text was truncated: the model's window is full")
        case .endToken, .stopString: break
        }
    }

    /// Notes a tokenizer that exists and is not supported.
    private static func noteUnsupportedTokenizer(of model: LanguageModel) {
        do { _ = try model.tokenizer } catch {
            if ErrorCode(of: error) != .notFound { Terminal.note("ids alone, no text: \(Terminal.oneLine(error))") }
        }
    }
}

import ArgumentParser
import LLoCOModels
import LLoCOTokenizers

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a prompt.",
        discussion: "Special tokens in the prompt, such as <|im_start|>, are parsed; none are added. Greedy by default."
    )

    @Argument(help: "The text to continue.")
    var prompt: String

    @OptionGroup var generation: GenerationFlags
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    private struct Result: Encodable {
        let ids: [Int]
        let text: String
    }

    func run() throws {
        let model = try model.load(exact: true)
        let ids = try model.tokenizer.encode(prompt, special: .parsed)
        guard !ids.isEmpty else { throw CommandError("the prompt is empty") }
        let result = try model.generate(
            model.decoder.embed(ids), options: generation.options(seed: self.model.compute.seed)
        ) { if !output.json { Terminal.write($0) } }
        if output.json {
            try Terminal.json(Result(ids: result.ids, text: result.text))
        } else {
            Terminal.write("\n")
        }
        switch result.end {
        case .length: Terminal.note(Text.cut("the text", after: result.ids.count))
        case .window: Terminal.note("the text was cut: the model's window is full")
        case .endToken, .stopString: break
        }
    }
}

import ArgumentParser
import Foundation
import LLoCO
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTokenizers

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a text's token ids.",
        discussion: """
            Special tokens in the text, such as <|im_start|>, are parsed; none are added.

              lloco tokenize book.txt
              echo "The river rose" | lloco tokenize - --json
            """)

    @Argument(help: "A text file, or - for stdin.")
    var file: String

    @Option(help: ArgumentHelp("A model's name, GGUF file or Hugging Face folder.", valueName: "model"))
    var model: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        let text = try TextInput.read(file)
        let path = try Settings.model(model)
        guard let tokenizer = try LanguageModel.tokenizer(of: CheckpointLoader.open(path), path: path) else {
            throw CommandError("\(path.path): found no tokenizer, expected tokenizer.json or tokenizer.model")
        }
        let ids = tokenizer.encode(text, special: .parsed)
        if output.json {
            try Terminal.json(["ids": ids])
        } else {
            Terminal.write(ids.map(String.init).joined(separator: " ") + "\n")
        }
    }
}

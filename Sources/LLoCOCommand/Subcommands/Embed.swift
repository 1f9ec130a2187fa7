import ArgumentParser
import Foundation
import LLoCO
import LLoCOModels
import LLoCOTorch

struct Embed: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a text's embedding for retrieval.",
        usage: "lloco embed <file> [--question] [<options>]",
        discussion: """
            Prints a unit vector. A text longer than the model's maximum (256 tokens for all-MiniLM-L6-v2) is \
            truncated, and stderr says so.

              lloco embed passage.txt
              echo "What was decided?" | lloco embed - --question

            \(HelpText.allOptions)
            """)

    @Argument(help: "A text file, or - for stdin.")
    var file: String

    @Option(help: ArgumentHelp("A sentence embedding model's folder. Default: all-MiniLM-L6-v2.", valueName: "dir"))
    var embedder: String?

    @Flag(help: "Embed a question, for models with separate prompts for questions and passages.")
    var question = false

    @OptionGroup var computing: ComputeOptions
    @OptionGroup var output: OutputOptions

    func compute() throws {
        try computing.apply()
        let text = try TextInput.read(file)
        guard !text.isEmpty else { throw CommandError("\(file): empty, expected a text to embed") }
        let embedder = try SentenceEmbedder(
            folder: Settings.embedder(embedder), dtype: computing.loadingDType(exact: true) ?? .float32,
            device: computing.parsedDevice())
        let role: SentenceEmbedder.Role = question ? .question : .passage
        let dropped = embedder.omittedTokens(of: text, as: role)
        if dropped > 0 {
            Terminal.note(
                "the last \(dropped) tokens of \(file) were left out: the model reads \(embedder.maximumTokens)")
        }
        let vector = try embedder.embed([text], as: role)[0]
        if output.json {
            try Terminal.json(["vector": vector])
        } else {
            Terminal.write(vector.map { "\($0)" }.joined(separator: " ") + "\n")
        }
    }
}

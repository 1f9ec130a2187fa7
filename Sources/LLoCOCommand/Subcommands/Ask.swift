import ArgumentParser
import LLoCO
import LLoCOBase
import LLoCOModels

struct Ask: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer a question from the library's documents, and name what the answer rests on.")

    @Argument(help: "The question.")
    var question: String

    @OptionGroup var answering: AnswerOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let (answerer, _, options) = try answering.load()
        let answer = try answerer.answer(question, options) { if !output.json { Terminal.write($0) } }
        try answer.show(json: output.json)
    }
}

extension Answer {
    /// Prints what stands behind an answer that was streamed, or all of it as JSON.
    func show(json: Bool) throws {
        // Before the notes: they clear the line that they find begun on a terminal.
        if !json { Terminal.write("\n\n") }
        for omission in omissions { Terminal.note(omission) }
        if end == .length { Terminal.note(Text.cut("the answer", after: generatedTokens)) }
        if json {
            try Terminal.json(self)
            return
        }
        for passage in passages {
            Terminal.print("  \(passage.document) [\(passage.start)–\(passage.end)]")
        }
        Terminal.print(
            "  \(mode.rawValue)\(documents.isEmpty ? "" : " from \(documents.joined(separator: ", "))"): "
                + "\(contextTokens) context tokens, \(promptTokens) in the prompt, \(generatedTokens) generated, "
                + "\(Text.seconds(seconds.total))")
    }
}

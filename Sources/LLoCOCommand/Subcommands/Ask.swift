import ArgumentParser
import LLoCO
import LLoCOBase
import LLoCOModels

struct Ask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer a question from the library's documents, and name what the answer rests on.")

    @Argument(help: "The question.")
    var question: String

    @OptionGroup var answering: AnswerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (library, options) = try await answering.load()
        try await library.ask(question, options: options).show(json: output.json)
    }
}

extension AnswerStream {
    /// Prints the answer as it comes, then what stands behind it.
    @discardableResult
    func show(json: Bool) async throws -> Answer {
        for try await piece in self where !json { Terminal.write(piece) }
        let answer = try await result
        try answer.show(json: json)
        return answer
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

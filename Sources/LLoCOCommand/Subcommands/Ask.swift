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
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try checkServer() }

    func run() async throws {
        // Without a model of its own where a server is named, which has one loaded.
        if server.server != nil { return try await ask(server.client()) }
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
        try GivenAnswer(answer).show(json: json)
        return answer
    }
}

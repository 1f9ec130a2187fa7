import ArgumentParser
import LLoCO
import LLoCOBase
import LLoCOModels

struct Ask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer a question from documents, with its sources.",
        usage: "lloco ask <question> [--group <name>] [<options>]",
        discussion: """
              lloco ask "What was decided?" --group work
              lloco ask "Who signed?" --mode full --document lease.pdf

            Without --document the document that fits the question best is read, of the whole library or of --group. \
            The best passages are cited below the answer. 'lloco help modes' explains --mode, 'lloco help budgets' \
            --budget.

            \(HelpText.allOptions)
            """)

    @Argument(help: "The question.")
    var question: String

    @OptionGroup var answering: AnswerOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try checkServer() }

    func run() async throws {
        // A server has the model loaded.
        if server.server != nil { return try await ask(server.client()) }
        let (library, options) = try await answering.load()
        try await library.ask(question, options: options).show(json: output.json)
    }
}

extension AnswerStream {
    /// Prints the answer while it is generated, then its sources and figures.
    @discardableResult
    func show(json: Bool) async throws -> Answer {
        for try await piece in self where !json { Terminal.write(piece) }
        let answer = try await result
        try GivenAnswer(answer).show(json: json)
        return answer
    }
}

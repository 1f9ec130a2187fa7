import ArgumentParser
import Foundation
import LLoCO
import LLoCOCompression
import LLoCOModels
import LLoCOTokenizers

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask questions in a conversation.",
        usage: "lloco chat [--group <name>] [<options>]",
        discussion: """
            Reads one question per line from stdin, until its end or /quit. Earlier turns stay in the prompt as long \
            as they fit.

              lloco chat --group work

            'lloco help modes' explains --mode, 'lloco help budgets' --budget.

            \(HelpText.allOptions)
            """)

    @OptionGroup var answering: AnswerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (library, given) = try await answering.load()
        var options = given
        var failed = false
        while true {
            if Terminal.isInteractive { Terminal.prompt("> ") }
            guard let line = readLine() else { break }
            let question = line.trimmingCharacters(in: .whitespaces)
            if question == "/quit" { break }
            if question.isEmpty { continue }
            do {
                var asked = options
                asked.history = try library.engine.model.recentHistory(options.history, before: question)
                let answer = try await library.ask(question, options: asked).show(json: output.json)
                let left = (options.history.count - asked.history.count) / 2
                if left > 0 {
                    Terminal.note(
                        "\(left) earlier \(left == 1 ? "turn was" : "turns were") left out: the window is full")
                }
                options.history = asked.history
                options.history += [ChatMessage(.user, question), ChatMessage(.assistant, answer.answer)]
            } catch {
                // A question that cannot be answered does not end the conversation.
                Terminal.error(Terminal.oneLine(error))
                failed = true
            }
        }
        // A person has seen the error; a script needs the status.
        if failed, !Terminal.isInteractive { throw ExitCode.failure }
    }
}

import ArgumentParser
import Foundation
import LLoCO
import LLoCOCompression
import LLoCOModels
import LLoCOTokenizers

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask questions in a conversation.",
        discussion:
            "Reads a question a line from stdin until its end, or until /quit. Earlier turns stay in the prompt as long as they fit."
    )

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
                // One question that cannot be answered does not end the conversation.
                Terminal.note("Error: \(Terminal.oneLine(error))")
                failed = true
            }
        }
        // A person has seen it; a script shall know.
        if failed, !Terminal.isInteractive { throw ExitCode.failure }
    }
}

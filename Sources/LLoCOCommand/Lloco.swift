import ArgumentParser
import LLoCOBase
import Logging

@main
struct Lloco: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lloco",
        abstract: "Learns long documents offline and answers from a thirtieth of their tokens.",
        discussion: """
            A document is compressed once into a few vectors; an adapter is tuned for a group of documents; a question is \
            answered from the vectors alone.

              lloco add report.pdf --group work          learn a document
              lloco finetune --group work --questions q.jsonl
              lloco ask "What was decided?" --group work

            Text goes to stdout, progress to stderr; --json prints JSON Lines instead of text. Exit status: 0 done, \
            1 failed, 64 wrong usage. 'lloco doctor' says what is installed and how to mend what is missing.
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(name: "Documents", subcommands: [Add.self, List.self, Show.self, Remove.self]),
            CommandGroup(name: "Learning", subcommands: [Finetune.self, TrainCompressor.self, TrainSelection.self]),
            CommandGroup(name: "Answering", subcommands: [Ask.self, Chat.self]),
            CommandGroup(name: "Serving", subcommands: [Serve.self, PS.self, Stop.self, MCP.self]),
            CommandGroup(
                name: "Models",
                subcommands: [
                    Models.self, Generate.self, Compress.self, Tokenize.self, Embed.self, Perplexity.self,
                ]),
            CommandGroup(
                name: "Measuring",
                subcommands: [Evaluate.self, Score.self, EvaluateCompressor.self, Bench.self, Doctor.self]),
        ])

    static func main() async {
        LoggingSystem.bootstrap { _ in TerminalLog() }
        Terminal.end(await status())
    }

    /// Runs the command and gives the exit status; whatever fails while it runs becomes one line on stderr and 1.
    private static func status() async -> Int32 {
        let command: any ParsableCommand
        do { command = try parseAsRoot() } catch { return said(error) }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
            return ExitCode.success.rawValue
        } catch {
            // Help that was asked for, an exit status, wrong usage: these the parser knows how to word.
            if error is ExitCode || exitCode(for: error) != .failure { return said(error) }
            Terminal.note("Error: \(Terminal.oneLine(error))")
            return ExitCode.failure.rawValue
        }
    }

    /// Prints what the parser says of `error`, and gives its exit status. Help goes to stdout; faults go to stderr line by
    /// line, since they repeat arguments, which may hold anything.
    private static func said(_ error: any Error) -> Int32 {
        let code = exitCode(for: error)
        let text = error is ExitCode ? "" : fullMessage(for: error)
        guard !text.isEmpty else { return code.rawValue }
        if code == .success {
            print(text)
        } else {
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) { Terminal.note(String(line)) }
        }
        return code.rawValue
    }
}

import ArgumentParser
import LLoCOBase
import Logging

@main
struct Lloco: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lloco",
        abstract: "Compress long documents once, then ask about them.",
        discussion: """
            A document becomes vectors, 30 times fewer than its tokens. Questions are answered from the vectors and a \
            few pieces of the text. An adapter is tuned for a group of documents.

              lloco add report.pdf --group work
              lloco ask "What was decided?" --group work
              lloco finetune --group work

            'lloco help TOPIC' explains a topic:

            \(HelpTopic.list)

            Results go to stdout, progress to stderr. Exit status: 0 done, 1 failed, 64 wrong usage.
            """,
        version: Release.version,
        // Hidden, and in a group: the overview's last line depends on the subcommands outside of groups.
        groupedSubcommands: Commands.groups + [CommandGroup(name: "Help", subcommands: [Help.self])])

    static func main() async {
        LoggingSystem.bootstrap { _ in TerminalLog() }
        Terminal.end(await status())
    }

    /// Runs the command and returns the exit status. A failure is one line on stderr and status 1.
    private static func status() async -> Int32 {
        let command: any ParsableCommand
        do { command = try parseAsRoot() } catch { return reported(error) }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
            return ExitCode.success.rawValue
        } catch {
            // The parser words requested help, an exit status and wrong usage.
            if error is ExitCode || exitCode(for: error) != .failure { return reported(error) }
            Terminal.error(Terminal.oneLine(error))
            return ExitCode.failure.rawValue
        }
    }

    /// Prints the parser's message for `error` and returns its exit status. Help goes to stdout. Errors go to stderr
    /// line by line, each escaped: they repeat arguments, which may hold any characters.
    private static func reported(_ error: any Error) -> Int32 {
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

import ArgumentParser

/// `lloco help`. It replaces the argument parser's own command, which has no topics.
struct Help: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain a command or a topic.", shouldDisplay: false, helpNames: [])

    @Argument(help: "A command, or a topic.")
    var names: [String] = []

    /// Ignored, as the argument parser's own command does: `lloco help ask --help`.
    @Flag(name: [.short, .long, .customLong("help", withSingleDash: true)], help: .private)
    var help = false

    func run() throws {
        if names.count == 1, let topic = HelpTopic.all.first(where: { $0.name == names[0] }) {
            Terminal.write(topic.page + "\n")
            return
        }
        var command: (any ParsableCommand.Type)?
        var commands = Commands.groups.flatMap(\.subcommands)
        for name in names {
            guard let found = commands.first(where: { $0._commandName == name }) else {
                throw ValidationError(
                    "help: found '\(name)', expected a command of 'lloco --help' or a topic: \(HelpTopic.names)")
            }
            command = found
            commands = found.configuration.subcommands
        }
        throw CleanExit.helpRequest(command)
    }
}

import ArgumentParser
import Foundation

struct ConfigPath: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "path",
        abstract: "Print the configuration file's path.",
        discussion: """
              lloco config path

            It is lloco/config.json in $XDG_CONFIG_HOME, else in ~/.config.
            """)

    func run() throws { Terminal.print(try SettingsFile.required().url.path) }
}

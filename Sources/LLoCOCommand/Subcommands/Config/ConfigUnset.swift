import ArgumentParser
import Foundation

struct ConfigUnset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset",
        abstract: "Remove a setting from the configuration file.",
        discussion: "  lloco config unset model")

    @Argument(help: "The setting.")
    var setting: SettingKey

    func run() throws {
        let file = try SettingsFile.required()
        var values = try file.values()
        guard values.removeValue(forKey: setting) != nil else {
            Terminal.note("\(setting.rawValue) is not set in \(file.url.path)")
            return
        }
        try file.write(values)
        Terminal.print("\(setting.rawValue) was removed from \(file.url.path)")
    }
}

import ArgumentParser
import Foundation
import LLoCO

struct ConfigSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Write a setting to the configuration file.",
        discussion: """
              lloco config set model qwen2.5-coder-1.5b
              lloco config set threads 4

            Paths are written as absolute ones, so that they mean the same in every folder.
            """)

    @Argument(help: "The setting.")
    var setting: SettingKey

    @Argument(help: "Its new value.")
    var value: String

    func validate() throws {
        guard setting.value(ofText: value) != nil else {
            throw ValidationError("\(setting.rawValue) '\(value)': expected \(setting.expected)")
        }
    }

    func run() throws {
        guard let value = setting.value(ofText: text()) else { return }
        let file = try SettingsFile.required()
        var values = try file.values()
        values[setting] = value
        try file.write(values)
        Terminal.print("\(setting.rawValue): \(value)")
        if Installation.environment(setting.variable) != nil {
            Terminal.note("\(setting.variable) is set in the environment and comes before the file")
        }
    }

    /// The value, with a path made absolute.
    private func text() -> String {
        let isPath =
            switch setting {
            case .library, .embedder: true
            case .model: FileManager.default.fileExists(atPath: value)
            case .device, .threads, .host, .port: false
            }
        return isPath ? URL(filePath: value).standardizedFileURL.path : value
    }
}

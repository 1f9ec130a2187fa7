import ArgumentParser

struct ConfigShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print every setting with its value and origin.",
        usage: "lloco config [show] [--json]",
        discussion: """
              lloco config
              lloco config show --json

            --json prints JSON Lines: {"setting", "value", "origin"}. origin is variable, file or default.
            """)

    @OptionGroup var output: OutputOptions

    private struct Line: Encodable {
        let setting: SettingKey
        let entry: Settings.Entry

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(setting.rawValue, forKey: .setting)
            // Null rather than absent: a reader finds every field.
            try container.encode(entry.value, forKey: .value)
            try container.encode(entry.origin, forKey: .origin)
        }

        private enum Keys: String, CodingKey { case setting, value, origin }
    }

    func run() throws {
        let lines = try SettingKey.allCases.map { Line(setting: $0, entry: try Settings.entry($0)) }
        if output.json {
            for line in lines { try Terminal.json(line) }
            return
        }
        let rows = lines.map { line in
            [line.setting.rawValue, line.entry.value.map { "\($0)" } ?? "–", line.entry.origin.rawValue]
        }
        for line in Text.table(["setting", "value", "origin"], rows) { Terminal.print(line) }
    }
}

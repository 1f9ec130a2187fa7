import ArgumentParser

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show and change the default settings.",
        usage: "lloco config [<subcommand>]",
        discussion: """
              lloco config
              lloco config set model qwen2.5-coder-1.5b
              lloco config unset model

            A command takes a setting from its option, else from its variable (LLOCO_MODEL for model), else from the \
            file, else the default. The model that a library was made with comes before the variable.

            \(settings)

            --json prints JSON Lines: {"setting", "value", "origin"}. origin is variable, file or default.
            """,
        subcommands: [ConfigShow.self, ConfigSet.self, ConfigUnset.self, ConfigPath.self],
        defaultSubcommand: ConfigShow.self)

    private static let settings = SettingKey.allCases.map { setting in
        "  \(setting.rawValue.padded(to: 12))\(setting.summary)"
    }.joined(separator: "\n")
}

extension SettingKey {
    /// What the setting chooses, in a few words.
    fileprivate var summary: String {
        switch self {
        case .model: "the language model: a name, a GGUF file or a Hugging Face folder"
        case .library: "the library's file"
        case .embedder: "the retrieval model's folder"
        case .device: "where to compute: \(expected)"
        case .threads: "threads per operation, \(expected)"
        case .host: "the address that 'lloco serve' listens on"
        case .port: "the port that 'lloco serve' listens on, \(expected)"
        }
    }
}

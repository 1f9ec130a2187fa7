import Foundation
import LLoCO
import LLoCOBase
import LLoCOLibrary
import LLoCOModelFiles
import LLoCOServer
import LLoCOTorch

/// The settings that commands run with: an option's value, else the variable's, else the configuration file's, else the
/// default.
enum Settings {
    /// The source of a value without an option.
    enum Origin: String, Encodable {
        case variable, file
        case standard = "default"
    }

    /// A setting's value and its source.
    struct Entry {
        /// nil for a default that is not installed
        let value: SettingValue?
        let origin: Origin
    }

    /// The configuration file's values, read when the first one is needed.
    private static let stored: Result<[SettingKey: SettingValue], any Error> = Result {
        try SettingsFile.user?.values() ?? [:]
    }

    /// - Throws: `CommandError` for an invalid variable or configuration file.
    static func entry(_ setting: SettingKey) throws -> Entry {
        try chosen(setting) ?? Entry(value: standard(setting), origin: .standard)
    }

    /// The variable's value, else the configuration file's; nil without either.
    private static func chosen(_ setting: SettingKey) throws -> Entry? {
        if let text = Installation.environment(setting.variable) {
            guard let value = setting.value(ofText: text) else {
                throw CommandError(
                    "\(setting.variable): found '\(text.printable(limit: 80))', expected \(setting.expected)")
            }
            return Entry(value: value, origin: .variable)
        }
        return try stored.get()[setting].map { Entry(value: $0, origin: .file) }
    }

    private static func standard(_ setting: SettingKey) -> SettingValue? {
        switch setting {
        case .model: SettingValue.text(ModelCatalogue.defaultModel.name)
        case .library: SettingValue.text("library.lloco")
        case .embedder: Installation.defaultEmbedder.map { SettingValue.text($0.path) }
        case .device: SettingValue.text("cpu")
        case .threads: SettingValue.number(Runtime.threads)
        case .host: SettingValue.text(ServerConfiguration.defaultHost)
        case .port: SettingValue.number(ServerConfiguration.defaultPort)
        }
    }

    private static func text(_ setting: SettingKey) throws -> String {
        try entry(setting).value?.description ?? ""
    }

    private static func number(_ entry: Entry?) -> Int? {
        if case .number(let number)? = entry?.value { number } else { nil }
    }

    // MARK: - Each setting, with the value of its option

    /// The language model's file or folder: the option's, else the library's own model, else the variable's, else the
    /// file's, else the default.
    ///
    /// - Throws: `CommandError`, or as `Installation.model` does.
    static func model(_ option: String?, for library: SQLiteLibrary? = nil) throws -> URL {
        let preferred = try option == nil ? chosen(.model)?.value?.description : nil
        return try Installation.model(option, for: library, preferred: preferred)
    }

    /// The library's path.
    static func library(_ option: String?) throws -> String { try option ?? text(.library) }

    /// The retrieval model's folder.
    ///
    /// - Throws: `CommandError`, or `EngineError` for a missing folder.
    static func embedder(_ option: String?) throws -> URL {
        try Installation.embedder(option ?? chosen(.embedder)?.value?.description)
    }

    /// The device's name, as `Device` reads it.
    static func device(_ option: String?) throws -> String { try option ?? text(.device) }

    /// Threads per operation; nil leaves the number to libtorch.
    static func threads(_ option: Int?) throws -> Int? { try option ?? number(chosen(.threads)) }

    /// The address that the server listens on.
    static func host(_ option: String?) throws -> String { try option ?? text(.host) }

    /// The port that the server listens on.
    static func port(_ option: Int?) throws -> Int { try option ?? number(entry(.port)) ?? 0 }

    /// The URL of the server that `lloco serve` starts without options.
    static func serverAddress() throws -> String {
        let (host, port) = (try text(.host), try Self.port(nil))
        // The wildcard addresses stand for all of a machine's own.
        let reachable = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
        let name = reachable.contains(":") ? "[\(reachable)]" : reachable
        return "http://\(name):\(port)"
    }
}

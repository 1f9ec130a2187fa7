import Foundation
import LLoCOBase
import LLoCOCheckpoints

/// The user's configuration file: a JSON object of settings, such as `{"model": "qwen2.5-coder-1.5b", "threads": 4}`.
struct SettingsFile {
    private static let maximumBytes = 1 << 20

    let url: URL

    /// The file of the user who runs this process; nil without a home folder.
    static let user = SettingsFile(environment: ProcessInfo.processInfo.environment)

    /// `lloco/config.json` in `$XDG_CONFIG_HOME`, else in `~/.config`.
    init?(environment: [String: String]) {
        // The XDG specification says to ignore relative paths.
        func folder(_ name: String) -> URL? {
            environment[name].flatMap { $0.hasPrefix("/") ? URL(filePath: $0, directoryHint: .isDirectory) : nil }
        }
        guard let base = folder("XDG_CONFIG_HOME") ?? folder("HOME")?.appending(path: ".config") else { return nil }
        url = base.appending(path: "lloco/config.json")
    }

    /// - Throws: `CommandError` without a home folder.
    static func required() throws -> SettingsFile {
        guard let user else {
            throw CommandError("no folder for the configuration file: set HOME or XDG_CONFIG_HOME to an absolute path")
        }
        return user
    }

    /// The settings in the file; none for a missing file.
    ///
    /// - Throws: `CommandError` that names the file and, for a bad setting, its key.
    func values() throws -> [SettingKey: SettingValue] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return [:] }
        guard !isFolder.boolValue else { throw fault("is a folder, expected a file of settings") }
        let bytes = [UInt8](try content())
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONParser.parse(bytes)
        } catch {
            throw fault("not valid JSON (\(error)), expected an object of settings")
        }
        guard let object = json.object else { throw fault("found \(json.kind), expected an object of settings") }
        var values: [SettingKey: SettingValue] = [:]
        for (key, json) in object.members {
            guard let setting = SettingKey(rawValue: key) else {
                let known = SettingKey.allCases.map(\.rawValue).joined(separator: ", ")
                throw fault("unknown setting \"\(key.printable(limit: 60))\", expected \(known)")
            }
            guard let value = setting.value(ofJSON: json) else {
                throw fault("\"\(key)\" is \(json.summary), expected \(setting.expected)")
            }
            values[setting] = value
        }
        return values
    }

    /// Replaces the file atomically, with mode 0600. Creates a missing folder with mode 0700.
    ///
    /// - Throws: `CheckpointError` or `CocoaError` if the file cannot be written.
    func write(_ values: [SettingKey: SettingValue]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let fields = Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
        let data = try encoder.encode(fields) + Data("\n".utf8)
        // A symbolic link stays, and its target is replaced.
        let target = url.resolvingSymlinksInPath()
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try AtomicFile.write(data, to: target, isPrivate: true)
    }

    private func content() throws -> Data {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            data = try handle.read(upToCount: Self.maximumBytes + 1) ?? Data()
        } catch {
            throw fault("cannot be read: \(error.localizedDescription)")
        }
        guard data.count <= Self.maximumBytes else {
            throw fault("larger than \(Self.maximumBytes) bytes, expected an object of settings")
        }
        return data
    }

    private func fault(_ reason: String) -> CommandError { CommandError("\(url.path): \(reason)") }
}

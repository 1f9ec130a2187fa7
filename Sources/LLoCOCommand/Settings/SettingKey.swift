import ArgumentParser
import LLoCOBase
import LLoCOTorch

/// A default that a user chooses once and an option overrides.
///
/// No setting names a group or a document: those belong to a task, not to a user.
enum SettingKey: String, CaseIterable, ExpressibleByArgument {
    case model, library, embedder, device, threads, host, port

    /// The environment variable, such as `LLOCO_MODEL`.
    var variable: String { "LLOCO_\(rawValue.uppercased())" }

    /// The valid values, for messages.
    var expected: String {
        switch self {
        case .model: "a model's name or path"
        case .library: "a file's path"
        case .embedder: "a folder's path"
        case .device: "cpu, cuda, cuda:N or mps"
        case .threads: "1 to 4096"
        case .host: "an address"
        case .port: "1 to 65535"
        }
    }

    /// The valid numbers; nil for a setting that is text.
    private var range: ClosedRange<Int>? {
        switch self {
        case .threads: 1...4096
        case .port: 1...65_535
        case .model, .library, .embedder, .device, .host: nil
        }
    }

    /// The value that a variable or an argument stands for; nil for an invalid one.
    func value(ofText text: String) -> SettingValue? {
        if let range {
            guard let number = Int(text), range ~= number else { return nil }
            return .number(number)
        }
        let isValid = self == .device ? Device(text) != nil : !text.isEmpty
        return isValid ? .text(text) : nil
    }

    /// The value that a field of the configuration file stands for; nil for an invalid one.
    func value(ofJSON json: JSONValue) -> SettingValue? {
        switch json {
        case .string(let text): return range == nil ? value(ofText: text) : nil
        case .integer(let number): return range == nil ? nil : value(ofText: "\(number)")
        default: return nil
        }
    }
}

import LLoCOBase

extension ConfigurationReader {
    /// Refuses every key that enables something and is not in `known`. This also catches features of later versions.
    func refuseEnabledKeys(except known: Set<String>) throws {
        for (key, value) in object.members where !known.contains(key) {
            guard value.enablesSomething else { continue }
            throw file.fault("\(prefix)\(key) is \(value.summary)", expected: "\(key) not used", code: .unsupported)
        }
    }
}

extension JSONValue {
    /// Whether the value is true, a non-empty list or a non-empty object.
    fileprivate var enablesSomething: Bool {
        switch self {
        case .bool(let isOn): isOn
        case .array(let values): !values.isEmpty
        case .object(let settings): settings.count > 0
        default: false
        }
    }
}

import LLoCOBase

extension ConfigurationReader {
    /// Refuses what is switched on, by true or by settings of its own, and is none of what is read: also what comes after
    /// this was written.
    func refuseSwitches(besides read: Set<String>) throws {
        for (key, value) in object.members where !read.contains(key) {
            guard value.isSwitchedOn else { continue }
            throw file.fault("\(prefix)\(key) is \(value.summary)", expected: "\(key) not used", code: .unsupported)
        }
    }
}

extension JSONValue {
    /// Whether it switches something on: true, or a list or an object that is not empty.
    fileprivate var isSwitchedOn: Bool {
        switch self {
        case .bool(let isOn): isOn
        case .array(let values): !values.isEmpty
        case .object(let settings): settings.count > 0
        default: false
        }
    }
}

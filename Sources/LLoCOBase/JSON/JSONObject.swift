/// A JSON object: its keys differ from each other, byte by byte, and keep their order.
///
/// A lookup goes through the keys one by one: settings have tens of them. Whoever wants all of a vocabulary's goes
/// through ``members``.
package struct JSONObject: Equatable, Sendable {
    package private(set) var members: [(key: String, value: JSONValue)] = []

    package init() {}

    /// The object of `pairs`; of two with the same key, the first.
    package init(_ pairs: KeyValuePairs<String, JSONValue>) {
        for (key, value) in pairs { insert(value, for: key) }
    }

    /// The object of `members`, whose keys the caller knows to differ.
    package init(distinct members: [(key: String, value: JSONValue)]) {
        self.members = members
    }

    package var count: Int { members.count }

    package var keys: [String] { members.map(\.key) }

    package subscript(key: String) -> JSONValue? {
        members.first { $0.key.hasSameBytes(as: key) }?.value
    }

    /// The value of `key`; nil also where it is `null`.
    package func value(_ key: String) -> JSONValue? {
        guard let value = self[key], !value.isNull else { return nil }
        return value
    }

    /// Adds a pair; false, and nothing changed, where the key is there already.
    @discardableResult
    package mutating func insert(_ value: JSONValue, for key: String) -> Bool {
        guard self[key] == nil else { return false }
        members.append((key, value))
        return true
    }

    package static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.members.elementsEqual(b.members) { $0.key.hasSameBytes(as: $1.key) && $0.value == $1.value }
    }
}

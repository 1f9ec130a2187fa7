/// A JSON object. Its keys differ byte by byte and keep their order.
///
/// A lookup is linear in the number of keys, which suits settings with tens of keys. For a vocabulary, iterate over
/// ``members``.
package struct JSONObject: Equatable, Sendable {
    /// The pairs in order.
    package private(set) var members: [(key: String, value: JSONValue)] = []

    package init() {}

    /// The object of `pairs`; the first of two equal keys wins.
    package init(_ pairs: KeyValuePairs<String, JSONValue>) {
        for (key, value) in pairs { insert(value, for: key) }
    }

    /// The object of `members`. The caller guarantees that the keys differ.
    package init(distinct members: [(key: String, value: JSONValue)]) {
        self.members = members
    }

    package var count: Int { members.count }

    package var keys: [String] { members.map(\.key) }

    package subscript(key: String) -> JSONValue? {
        members.first { $0.key.hasSameBytes(as: key) }?.value
    }

    /// The value of `key`; nil if the key is missing or the value is `null`.
    package func value(_ key: String) -> JSONValue? {
        guard let value = self[key], !value.isNull else { return nil }
        return value
    }

    /// Adds a pair. Returns false, without a change, if the key exists already.
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

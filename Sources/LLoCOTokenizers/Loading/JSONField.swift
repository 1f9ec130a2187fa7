import LLoCOBase

/// A value in a JSON document with its path, so that errors can name it.
struct JSONField {
    /// The value; nil if it is missing or null.
    let value: JSONValue?
    private let path: String
    let location: String

    init(_ value: JSONValue, location: String) {
        self.init(value: value, path: "", location: location)
    }

    private init(value: JSONValue?, path: String, location: String) {
        if case .null? = value {
            self.value = nil
        } else {
            self.value = value
        }
        self.path = path
        self.location = location
    }

    /// A member of an object; without a value if the member is missing or this is not an object.
    subscript(key: String) -> JSONField {
        JSONField(value: value?.object?[key], path: path.isEmpty ? key : "\(path).\(key)", location: location)
    }

    func string() throws(TokenizerError) -> String? {
        guard let value else { return nil }
        guard case .string(let text) = value else { throw mismatch("a string") }
        return text
    }

    func bool() throws(TokenizerError) -> Bool? {
        guard let value else { return nil }
        guard case .bool(let bool) = value else { throw mismatch("a boolean") }
        return bool
    }

    func integer() throws(TokenizerError) -> Int? {
        guard let value else { return nil }
        guard case .integer(let integer) = value else { throw mismatch("a whole number") }
        return integer
    }

    /// The elements of a list, with their paths.
    func elements() throws(TokenizerError) -> [JSONField]? {
        guard let value else { return nil }
        guard case .array(let elements) = value else { throw mismatch("a list") }
        return elements.enumerated().map {
            JSONField(value: $1, path: "\(path)[\($0)]", location: location)
        }
    }

    /// The members of an object in order, as plain values.
    func members() throws(TokenizerError) -> [(key: String, value: JSONValue)]? {
        guard let value else { return nil }
        guard case .object(let object) = value else { throw mismatch("an object") }
        return object.members
    }

    /// The members of an object in order, with their paths.
    func fields() throws(TokenizerError) -> [(key: String, field: JSONField)]? {
        try members()?.map { key, value in
            (key, JSONField(value: value, path: "\(path).\(key.printable(limit: 80))", location: location))
        }
    }

    /// The value; throws an error about a missing value if it is nil.
    func required<Value>(_ value: Value?) throws(TokenizerError) -> Value {
        guard let value else { throw .malformed(location, "\(path) is missing") }
        return value
    }

    /// Creates an error about this value.
    func fault(_ message: String) -> TokenizerError { .malformed(location, "\(path) \(message)") }

    /// Creates an error about an unsupported setting.
    func unsupported(_ message: String) -> TokenizerError { .unsupported(location, "\(path) \(message)") }

    private func mismatch(_ expected: String) -> TokenizerError {
        let name = path.isEmpty ? "the document" : path
        return .malformed(location, "\(name) is \(value?.kind ?? "null"), expected \(expected)")
    }
}

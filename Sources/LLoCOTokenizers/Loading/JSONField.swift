import LLoCOBase

/// A value in a JSON document and the way to it, so that a wrong type is reported by name.
struct JSONField {
    /// The value, nil where the document has none or null.
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

    /// A member of an object; without a value where there is no such member or this is no object.
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

    /// The elements of a list, each with its place.
    func elements() throws(TokenizerError) -> [JSONField]? {
        guard let value else { return nil }
        guard case .array(let elements) = value else { throw mismatch("a list") }
        return elements.enumerated().map {
            JSONField(value: $1, path: "\(path)[\($0)]", location: location)
        }
    }

    /// The members of an object, in order, as they are.
    func members() throws(TokenizerError) -> [(key: String, value: JSONValue)]? {
        guard let value else { return nil }
        guard case .object(let object) = value else { throw mismatch("an object") }
        return object.members
    }

    /// The members of an object, in order, each with its place.
    func fields() throws(TokenizerError) -> [(key: String, field: JSONField)]? {
        try members()?.map { key, value in
            (key, JSONField(value: value, path: "\(path).\(key.printable(limit: 80))", location: location))
        }
    }

    /// The value, or an error that says it is missing.
    func required<Value>(_ value: Value?) throws(TokenizerError) -> Value {
        guard let value else { throw .malformed(location, "there is no \(path)") }
        return value
    }

    /// An error about this value.
    func fault(_ message: String) -> TokenizerError { .malformed(location, "\(path) \(message)") }

    /// An error for a setting that this package does not follow.
    func unsupported(_ what: String) -> TokenizerError { .unsupported(location, "\(path) \(what)") }

    private func mismatch(_ expected: String) -> TokenizerError {
        let name = path.isEmpty ? "the document" : path
        return .malformed(location, "\(name) is \(value?.kind ?? "null"), expected \(expected)")
    }
}

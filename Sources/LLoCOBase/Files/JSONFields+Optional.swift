// Published data sets mark an absent value by a missing field, by null or by an empty string.
extension JSONFields {
    /// The value of a field; nil if it is missing or null.
    package func optional(_ key: String) -> JSONValue? {
        object.value(key)
    }

    /// A string, which may be empty; nil if the field is missing or null.
    package func string(_ key: String) throws -> String? {
        guard let value = object.value(key) else { return nil }
        guard case .string(let text) = value else { throw fault(key, value, "a string") }
        return text
    }

    /// A whole number; nil if the field is missing or null.
    package func integer(_ key: String) throws -> Int? {
        guard let value = object.value(key) else { return nil }
        guard let integer = value.integer else { throw fault(key, value, "a whole number") }
        return integer
    }

    /// A boolean; nil if the field is missing or null.
    package func bool(_ key: String) throws -> Bool? {
        guard let value = object.value(key) else { return nil }
        guard let bool = value.bool else { throw fault(key, value, "true or false") }
        return bool
    }

    /// A list of strings, each of which may be empty; an empty list if the field is missing or null.
    package func strings(_ key: String) throws -> [String] {
        guard has(key) else { return [] }
        return try list(key, "a list of strings").enumerated().map { index, value in
            guard case .string(let text) = value else {
                throw Fault(reason: "\"\(path)\(key)[\(index)]\" is \(value.kind); expected a string")
            }
            return text
        }
    }

    /// The fields of a nested object.
    package func fields(_ key: String) throws -> JSONFields {
        let value = try value(key, "an object")
        guard case .object(let object) = value else { throw fault(key, value, "an object") }
        return JSONFields(object, path: "\(path)\(key).")
    }

    /// A non-empty string, a number or a boolean as text; nil for anything else.
    package func label(_ key: String) -> String? {
        switch object.value(key) {
        case .string(let text): text.isEmpty ? nil : text
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .bool(let value): String(value)
        default: nil
        }
    }

    /// The fault of a field that has another kind of value than expected.
    package func fault(_ key: String, _ value: JSONValue, _ expected: String) -> Fault {
        Fault(reason: "\"\(path)\(key)\" is \(value.kind); expected \(expected)")
    }

    /// A fault of the field with the given reason.
    package func fault(_ key: String, _ reason: String) -> Fault {
        Fault(reason: "\"\(path)\(key)\" \(reason)")
    }
}

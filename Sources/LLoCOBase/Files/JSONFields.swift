/// The JSON object of one line of input, with access to its fields by name and type.
package struct JSONFields {
    /// The reason why a value is malformed. It begins with the value's path in the line.
    package struct Fault: CodedError {
        package var reason: String
        package var errorCode: ErrorCode { .damaged }
        package var description: String { reason }

        package init(reason: String) {
            self.reason = reason
        }
    }

    let object: JSONObject
    let path: String

    /// Parses the object in `line`.
    ///
    /// - Throws: ``Fault`` if the line is not one JSON object in UTF-8.
    package init(line: [UInt8]) throws {
        guard UTF8Validation.fault(in: line) == nil, !line.contains(0) else {
            throw Fault(reason: "not UTF-8 text; expected a JSON object")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(line)
        } catch {
            throw Fault(reason: "not valid JSON (\(error)); expected one object per line")
        }
        guard case .object(let object) = value else {
            throw Fault(reason: "found \(value.kind); expected a JSON object")
        }
        self.init(object, path: "")
    }

    init(_ object: JSONObject, path: String) {
        self.object = object
        self.path = path
    }

    /// The names of the fields, in the order of the line.
    package var names: [String] { object.keys }

    /// Whether the field exists and is not null.
    package func has(_ key: String) -> Bool {
        object.value(key) != nil
    }

    /// A string that is not blank.
    package func text(_ key: String) throws -> String {
        try Self.text(value(key, "a string"), path: path + key)
    }

    /// A non-empty list of strings, none of them blank; `expected` names the elements in messages.
    package func texts(_ key: String, of expected: String) throws -> [String] {
        let list = try list(key, "a list of \(expected)")
        guard !list.isEmpty else { throw Fault(reason: "\"\(path)\(key)\" is empty; expected one or more \(expected)") }
        return try list.enumerated().map { index, value in try Self.text(value, path: "\(path)\(key)[\(index)]") }
    }

    /// A list of objects, which may be empty.
    package func objects(_ key: String) throws -> [JSONFields] {
        try list(key, "a list of objects").enumerated().map { index, value in
            guard case .object(let object) = value else {
                throw Fault(reason: "\"\(path)\(key)[\(index)]\" is \(value.kind); expected an object")
            }
            return JSONFields(object, path: "\(path)\(key)[\(index)].")
        }
    }

    /// A list of any values; `expected` names the list in messages.
    package func list(_ key: String, _ expected: String) throws -> [JSONValue] {
        let value = try value(key, expected)
        guard case .array(let list) = value else {
            throw Fault(reason: "\"\(path)\(key)\" is \(value.kind); expected \(expected)")
        }
        return list
    }

    func value(_ key: String, _ expected: String) throws -> JSONValue {
        guard let value = object[key] else { throw Fault(reason: "\"\(path)\(key)\" is missing; expected \(expected)") }
        return value
    }

    static func text(_ value: JSONValue, path: String) throws -> String {
        guard case .string(let text) = value else {
            throw Fault(reason: "\"\(path)\" is \(value.kind); expected a string")
        }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw Fault(reason: "\"\(path)\" is empty; expected text")
        }
        return text
    }
}

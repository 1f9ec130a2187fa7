import Hummingbird
import LLoCOBase
import NIOCore

/// The fields of a request's JSON object. Unsupported fields are refused by name.
struct RequestFields {
    private let fields: JSONFields

    /// Parses a request body.
    ///
    /// - Throws: ``APIError`` if the bytes are not a JSON object.
    init(_ body: [UInt8]) throws {
        do { fields = try JSONFields(line: body) } catch let fault as JSONFields.Fault {
            // The fault expects a line of JSON Lines; only its first part applies.
            let found = fault.reason.split(separator: "; expected").first ?? ""
            throw APIError.invalid("request body: \(found); expected a JSON object")
        }
    }

    init(_ fields: JSONFields) { self.fields = fields }

    /// Refuses unsupported fields.
    ///
    /// - Parameters:
    ///   - known: supported fields
    ///   - ignored: fields without effect
    ///   - defaults: fields that are accepted only with these values
    func check(known: Set<String>, ignored: Set<String> = [], defaults: [String: [JSONValue]] = [:]) throws {
        for name in fields.names where !known.contains(name) && !ignored.contains(name) {
            guard let value = fields.optional(name) else { continue }
            if let allowed = defaults[name], allowed.contains(value) { continue }
            throw APIError.invalid(
                "\"\(name.printable(limit: 60))\" is not supported" + (defaults[name] == nil ? "" : " with this value"),
                parameter: name.printable(limit: 60), code: "unsupported_parameter")
        }
    }

    func has(_ key: String) -> Bool { fields.has(key) }

    /// A field's value; nil if it is null or missing.
    func value(_ key: String) -> JSONValue? { fields.optional(key) }

    func string(_ key: String) throws -> String? { try read(key) { try $0.string(key) } }

    func bool(_ key: String) throws -> Bool? { try read(key) { try $0.bool(key) } }

    func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = try read(key, { try $0.integer(key) }) else { return nil }
        guard range.contains(value) else {
            throw APIError.invalid(
                "\"\(key)\" is \(value); expected \(range.lowerBound) to \(range.upperBound)", parameter: key)
        }
        return value
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let value = fields.optional(key) else { return nil }
        guard let number = value.double, range.contains(number) else {
            throw APIError.invalid(
                "\"\(key)\": expected a number from \(range.lowerBound.formatted) to \(range.upperBound.formatted)",
                parameter: key)
        }
        return number
    }

    func strings(_ key: String) throws -> [String] { try read(key) { try $0.strings(key) } }

    /// A string as a list of one, or a list of strings.
    func stringOrStrings(_ key: String) throws -> [String] {
        if let one = fields.optional(key)?.string { return [one] }
        return try strings(key)
    }

    func object(_ key: String) throws -> RequestFields? {
        guard fields.has(key) else { return nil }
        return RequestFields(try read(key) { try $0.fields(key) })
    }

    func objects(_ key: String) throws -> [RequestFields] {
        try read(key) { try $0.objects(key) }.map { RequestFields($0) }
    }

    /// Whether the field is a Boolean.
    func isBool(_ key: String) -> Bool { fields.optional(key)?.bool != nil }

    /// Whether the field is a list.
    func isList(_ key: String) -> Bool { fields.optional(key)?.array != nil }

    private func read<Value>(_ key: String, _ body: (JSONFields) throws -> Value) throws -> Value {
        do { return try body(fields) } catch let fault as JSONFields.Fault {
            throw APIError.invalid(fault.reason, parameter: key)
        }
    }
}

extension Request {
    /// Collects the body and parses its fields. The body can still be consumed to detect a disconnect.
    ///
    /// - Throws: ``APIError`` if the body is not a JSON object.
    mutating func fields(upTo maximumBytes: Int) async throws -> RequestFields {
        let body = try await collectBody(upTo: maximumBytes)
        return try RequestFields(Array(body.readableBytesView))
    }
}

extension Double {
    /// Integers without a fraction.
    fileprivate var formatted: String { self == rounded() && abs(self) < 1e9 ? String(Int(self)) : String(self) }
}

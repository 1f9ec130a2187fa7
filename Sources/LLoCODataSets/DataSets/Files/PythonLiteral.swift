import LLoCOBase

/// A parser of Python `repr` output: strings, numbers, `None`, `True`, `False`, lists, dictionaries with string keys.
///
/// No code is evaluated. Nesting is bounded; time and memory are linear in the text's length.
struct PythonLiteral {
    /// A syntax error.
    struct Fault: Error {
        var reason: String
    }

    private static let depthLimit = 32

    private let bytes: [UInt8]
    private var place = 0

    private init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Parses `text` as one value.
    static func parse(_ text: String) throws(Fault) -> JSONValue {
        var parser = PythonLiteral(text)
        let value = try parser.value(depth: 0)
        guard parser.next() == nil else { throw parser.fault("extra text after the value") }
        return value
    }

    /// The next byte that is not white space, without consuming it.
    private mutating func next() -> UInt8? {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
        return place < bytes.count ? bytes[place] : nil
    }

    private mutating func accept(_ byte: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: byte) else { return false }
        place += 1
        return true
    }

    private func fault(_ found: String) -> Fault { Fault(reason: "\(found) at byte \(place)") }

    private mutating func value(depth: Int) throws(Fault) -> JSONValue {
        guard depth < Self.depthLimit else { throw fault("lists nested more than \(Self.depthLimit) deep") }
        switch next() {
        case UInt8(ascii: "["):
            place += 1
            var list: [JSONValue] = []
            while !accept("]") {
                list.append(try value(depth: depth + 1))
                guard accept(",") || next() == UInt8(ascii: "]") else { throw fault("no comma and no end of a list") }
            }
            return .array(list)
        case UInt8(ascii: "{"):
            place += 1
            return .object(try dictionary(depth: depth))
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
        case nil: throw fault("no value")
        default: return try word()
        }
    }

    private mutating func dictionary(depth: Int) throws(Fault) -> JSONObject {
        var members: [(key: String, value: JSONValue)] = []
        // A lookup in the object itself is linear in the number of keys.
        var keys: Set<[UInt8]> = []
        while !accept("}") {
            guard let quote = next(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
                throw fault("a key that is not a string")
            }
            let key = try string()
            guard accept(":") else { throw fault("no colon") }
            guard keys.insert(Array(key.utf8)).inserted else {
                throw fault("duplicate key \"\(key.printable(limit: 40))\"")
            }
            members.append((key, try value(depth: depth + 1)))
            guard accept(",") || next() == UInt8(ascii: "}") else { throw fault("no comma and no end of a dictionary") }
        }
        return JSONObject(distinct: members)
    }

    /// `None`, `True`, `False` or a number.
    private mutating func word() throws(Fault) -> JSONValue {
        let end = bytes[place...].firstIndex { byte in
            !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) && !"+-._".utf8.contains(byte)
        }
        let text = String(decoding: bytes[place..<(end ?? bytes.count)].prefix(64), as: UTF8.self)
        let value: JSONValue
        switch text {
        case "None": value = .null
        case "True": value = .bool(true)
        case "False": value = .bool(false)
        default:
            guard text.utf8.first.map({ "+-.0123456789".utf8.contains($0) }) == true else { throw fault("no value") }
            if let integer = Int(text) {
                value = .integer(integer)
            } else if let number = Double(text) {
                value = .number(number)
            } else {
                throw fault("no number")
            }
        }
        place += text.utf8.count
        return value
    }

    private mutating func string() throws(Fault) -> String {
        let quote = bytes[place]
        place += 1
        var output: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == quote { return String(decoding: output, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                output.append(byte)
                continue
            }
            try escape(&output)
        }
        throw fault("an unterminated string")
    }

    /// Parses the escape after a backslash.
    private mutating func escape(_ output: inout [UInt8]) throws(Fault) {
        guard place < bytes.count else { throw fault("an unterminated string") }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): output.append(byte)
        case UInt8(ascii: "x"): output += try scalar(digits: 2)
        case UInt8(ascii: "u"): output += try scalar(digits: 4)
        case UInt8(ascii: "U"): output += try scalar(digits: 8)
        default: throw fault("an unknown escape")
        }
    }

    /// Parses n hexadecimal digits as a scalar, in UTF-8. A surrogate is not a scalar and becomes U+FFFD.
    private mutating func scalar(digits: Int) throws(Fault) -> [UInt8] {
        let text = String(decoding: bytes[place..<min(bytes.count, place + digits)], as: UTF8.self)
        guard text.utf8.count == digits, text.allSatisfy(\.isHexDigit), let number = UInt32(text, radix: 16),
            number <= 0x10FFFF
        else {
            throw fault("an escape without the \(digits) hexadecimal digits of a character")
        }
        place += digits
        return Array(String(Unicode.Scalar(number) ?? "\u{FFFD}").utf8)
    }
}

/// A strict parser of untrusted JSON (RFC 8259).
///
/// Duplicate keys, deep nesting and more than `maximumValues` values are faults, so memory is proportional to the text.
/// `NaN` and `Infinity` are accepted, because Python writes them.
package struct JSONParser {
    private static let maximumDepth = 64
    /// A hundred thousand tensors need two million values; so does a vocabulary of 256 000 tokens with as many merges,
    /// listed twice.
    private static let maximumValues = 4_000_000
    /// bytes; far more digits than a `Double` has
    private static let maximumNumberLength = 256

    let bytes: UnsafeRawBufferPointer
    var position = 0
    private var depth = 0
    private var values = 0

    /// Parses the single value in `bytes`. White space around it and a byte order mark before it are allowed.
    ///
    /// - Throws: ``JSONError`` with the offset of the first fault.
    package static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.position = 3 }
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.fault("something after the end of the JSON") }
        return value
    }

    /// Parses the single value in `bytes`.
    ///
    /// - Throws: ``JSONError`` with the offset of the first fault.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONError) in try parse(buffer) }
        }
        return try result.get()
    }

    private init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    func fault(_ found: String, at offset: Int? = nil) -> JSONError {
        JSONError(found: found, offset: offset ?? position)
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        skipSpace()
        values += 1
        guard values <= Self.maximumValues else { throw fault("more than \(Self.maximumValues) values") }
        switch peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "t"): if accept(word: "true") { return .bool(true) }
        case UInt8(ascii: "f"): if accept(word: "false") { return .bool(false) }
        case UInt8(ascii: "n"): if accept(word: "null") { return .null }
        case UInt8(ascii: "N"): if accept(word: "NaN") { return .number(.nan) }
        case UInt8(ascii: "I"): if accept(word: "Infinity") { return .number(.infinity) }
        case .some: return try number()
        case nil: throw fault("the end of the text instead of a value")
        }
        throw fault("an unknown word")
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= Self.maximumDepth else { throw fault("nesting deeper than \(Self.maximumDepth)") }
        position += 1
    }

    private mutating func array() throws(JSONError) -> [JSONValue] {
        try enter()
        var elements: [JSONValue] = []
        if !accept("]") {
            // Most arrays in large files are pairs, the merges of a tokenizer.
            elements.reserveCapacity(2)
            repeat { elements.append(try value()) } while accept(",")
            guard accept("]") else { throw fault("a list that does not end") }
        }
        depth -= 1
        return elements
    }

    private mutating func object() throws(JSONError) -> JSONObject {
        try enter()
        var members: [(key: String, value: JSONValue)] = []
        var keys = KeySet()
        if !accept("}") {
            repeat {
                skipSpace()
                guard peek() == UInt8(ascii: "\"") else { throw fault("a missing key") }
                let start = position
                let key = try string()
                guard keys.insert(key, after: members) else {
                    throw fault("the duplicate key \"\(key.printable(limit: 60))\"", at: start)
                }
                guard accept(":") else { throw fault("a missing colon after the key \"\(key.printable(limit: 60))\"") }
                members.append((key, try value()))
            } while accept(",")
            guard accept("}") else { throw fault("an object that does not end") }
        }
        depth -= 1
        return JSONObject(distinct: members)
    }
}

// MARK: - Numbers

extension JSONParser {
    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative {
            position += 1
            if accept(word: "Infinity") { return .number(-.infinity) }
        }
        // Accumulate a negative sum: `Int.min` has no positive counterpart.
        let digits = position
        var integer = 0
        var fits = true
        while let digit = peek(), digit &- UInt8(ascii: "0") < 10 {
            let (tens, overflow) = integer.multipliedReportingOverflow(by: 10)
            let (sum, next) = tens.subtractingReportingOverflow(Int(digit &- UInt8(ascii: "0")))
            if overflow || next { fits = false }
            integer = sum
            position += 1
        }
        guard position > digits else { throw fault("a malformed number or word", at: start) }
        guard position == digits + 1 || bytes[digits] != UInt8(ascii: "0") else {
            throw fault("a number with a leading zero", at: start)
        }
        let isWhole = try !skipFraction(from: start)
        if isWhole, fits {
            if isNegative { return .integer(integer) }
            if integer != .min { return .integer(-integer) }
        }
        guard position - start <= Self.maximumNumberLength,
            let number = Double(String(decoding: bytes[start..<position], as: UTF8.self))
        else { throw fault("a malformed number", at: start) }
        return .number(number)
    }

    /// Skips the fraction and the exponent; returns whether the number has either.
    private mutating func skipFraction(from start: Int) throws(JSONError) -> Bool {
        let before = position
        if peek() == UInt8(ascii: ".") {
            position += 1
            try skipDigits(from: start)
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            try skipDigits(from: start)
        }
        return position > before
    }

    private mutating func skipDigits(from start: Int) throws(JSONError) {
        let before = position
        while let digit = peek(), digit &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > before else { throw fault("a malformed number", at: start) }
    }
}

// MARK: - Characters

extension JSONParser {
    @inline(__always)
    func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    @inline(__always)
    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    @inline(__always)
    private mutating func accept(_ expected: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek() == UInt8(ascii: expected) else { return false }
        position += 1
        return true
    }

    private mutating func accept(word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        for index in 0..<count where bytes[position + index] != word.utf8Start[index] { return false }
        position += count
        return true
    }
}

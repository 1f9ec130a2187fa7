/// A Jinja template, split into text, expressions and statements. Nothing is executed.
///
/// White space is removed as in transformers: a line end after a statement and the indentation before it
/// (`trim_blocks`, `lstrip_blocks`), and white space next to a tag with a minus sign.
struct TemplatePieces {
    enum Piece: Equatable {
        case text(String)
        /// The content of `{{ … }}`.
        case expression(String)
        /// The content of `{% … %}`.
        case statement(String)
    }

    private(set) var pieces: [Piece] = []

    init(_ template: String) {
        let bytes = Array(template.utf8)
        var index = 0
        var textStart = 0
        var dropsLineEnd = false
        var dropsSpace = false
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "{"), index + 1 < bytes.count,
                let kind = Kind(rawValue: bytes[index + 1]), let end = Self.end(of: kind, in: bytes, from: index + 2)
            else {
                index += 1
                continue
            }
            var body = bytes[(index + 2)..<end]
            let stripsBefore = body.first == UInt8(ascii: "-")
            var text = bytes[textStart..<index]
            Self.trim(&text, lineEnd: dropsLineEnd, space: dropsSpace)
            if stripsBefore {
                while let last = text.last, Self.isSpace(last) { text.removeLast() }
            } else if kind != .expression, body.first != UInt8(ascii: "+") {
                Self.trimIndentation(&text, isFirst: textStart == 0)
            }
            if !text.isEmpty {
                pieces.append(.text(String(decoding: text, as: UTF8.self)))
            }
            dropsSpace = body.last == UInt8(ascii: "-") && body.count > 1
            dropsLineEnd = kind != .expression && body.last != UInt8(ascii: "+")
            while let first = body.first, Self.isSpace(first) || [0x2B, 0x2D].contains(first) { body.removeFirst() }
            while let last = body.last, Self.isSpace(last) || [0x2B, 0x2D].contains(last) { body.removeLast() }
            let content = String(decoding: body, as: UTF8.self)
            switch kind {
            case .expression: pieces.append(.expression(content))
            case .statement: pieces.append(.statement(content))
            case .comment: break
            }
            index = end + 2
            textStart = index
        }
        var text = bytes[textStart...]
        Self.trim(&text, lineEnd: dropsLineEnd, space: dropsSpace)
        if !text.isEmpty {
            pieces.append(.text(String(decoding: text, as: UTF8.self)))
        }
    }

    private enum Kind: UInt8 {
        case expression = 0x7B
        case statement = 0x25
        case comment = 0x23

        /// The byte before the final `}` of the tag.
        var closing: UInt8 { self == .expression ? 0x7D : rawValue }
    }

    /// The index of the tag's closing mark, ignoring quoted strings.
    private static func end(of kind: Kind, in bytes: [UInt8], from start: Int) -> Int? {
        var quote: UInt8?
        var index = start
        while index + 1 < bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == UInt8(ascii: "\\") {
                    index += 1
                } else if byte == open {
                    quote = nil
                }
            } else if kind != .comment, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == kind.closing, bytes[index + 1] == UInt8(ascii: "}") {
                return index
            }
            index += 1
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 < 5 }

    private static func trim(_ text: inout ArraySlice<UInt8>, lineEnd: Bool, space: Bool) {
        if space {
            text = text.drop(while: isSpace)
        } else if lineEnd, text.first == 0x0A {
            text.removeFirst()
        }
    }

    /// Removes the white space between the last line end and the tag.
    private static func trimIndentation(_ text: inout ArraySlice<UInt8>, isFirst: Bool) {
        let indentation = text.reversed().prefix { $0 == 0x20 || $0 == 0x09 }.count
        let rest = text.dropLast(indentation)
        if rest.last == 0x0A || (rest.isEmpty && isFirst) {
            text = rest
        }
    }
}

extension TemplatePieces {
    /// The variables that the template sets to a known value; the first such assignment of each variable.
    func variables() -> [String: String] {
        var variables: [String: String] = [:]
        for case .statement(let statement) in pieces {
            guard let (name, expression) = Self.assignment(statement), variables[name] == nil else { continue }
            variables[name] = Self.value(of: expression, variables)
        }
        return variables
    }

    /// The name and the expression of a statement like `set name = expression`.
    static func assignment(_ statement: String) -> (name: String, expression: Substring)? {
        guard statement.hasPrefix("set "), let equals = statement.firstIndex(of: "=") else { return nil }
        let name = statement[..<equals].dropFirst(4).filter { $0 != " " }
        return (String(name), statement[statement.index(after: equals)...])
    }

    /// The value of a concatenation (`+` or `~`) of quoted strings, variables and `strftime_now("…")`; nil for any
    /// other expression.
    static func value(of expression: some StringProtocol, _ variables: [String: String]) -> String? {
        var rest = Substring(expression).unicodeScalars
        var result = ""
        while true {
            rest = rest.drop { $0.properties.isWhitespace }
            guard let first = rest.first else { return nil }
            if first == "'" || first == "\"" {
                guard let text = literal(&rest) else { return nil }
                result += text
            } else {
                let name = String(rest.prefix { $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) })
                rest = rest.dropFirst(name.unicodeScalars.count)
                if name == "strftime_now" {
                    guard rest.popFirst() == "(", let format = literal(&rest), rest.popFirst() == ")" else {
                        return nil
                    }
                    result += TemplateDate.formatted(format)
                } else {
                    guard let value = variables[name] else { return nil }
                    result += value
                }
            }
            rest = rest.drop { $0.properties.isWhitespace }
            guard let operation = rest.popFirst() else { return result }
            guard operation == "+" || operation == "~" else { return nil }
        }
    }

    /// All quoted strings in an expression or a statement.
    static func literals(in code: String) -> [String] {
        var rest = Substring(code).unicodeScalars
        var found: [String] = []
        while let start = rest.firstIndex(where: { $0 == "'" || $0 == "\"" }) {
            rest = rest[start...]
            guard let text = literal(&rest) else { break }
            found.append(text)
        }
        return found
    }

    /// Parses the leading quoted string with Python's escapes. Returns nil for a malformed escape, which Jinja rejects
    /// too.
    private static func literal(_ rest: inout Substring.UnicodeScalarView) -> String? {
        guard let quote = rest.popFirst(), quote == "'" || quote == "\"" else { return nil }
        var text = String.UnicodeScalarView()
        func number(_ digits: Substring.UnicodeScalarView, radix: Int) -> Unicode.Scalar? {
            UInt32(String(digits), radix: radix).flatMap { Unicode.Scalar($0) }
        }
        while let scalar = rest.popFirst() {
            if scalar == quote {
                return String(text)
            }
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            if let plain = escapes[escaped] {
                text.append(plain)
            } else if let count = hexDigitCounts[escaped] {
                let digits = rest.prefix(count)
                guard digits.count == count, digits.allSatisfy(\.properties.isASCIIHexDigit),
                    let decoded = number(digits, radix: 16)
                else { return nil }
                text.append(decoded)
                rest = rest.dropFirst(count)
            } else if "0"..."7" ~= escaped {
                let digits = rest.prefix(2).prefix { "0"..."7" ~= $0 }
                guard let decoded = number("\(escaped)\(String(digits))".unicodeScalars[...], radix: 8) else {
                    return nil
                }
                text.append(decoded)
                rest = rest.dropFirst(digits.count)
            } else if escaped == "N" {
                // A named character, which is not supported.
                return nil
            } else if escaped != "\n" {
                text.append(contentsOf: ["\\", escaped])
            }
        }
        return nil
    }

    /// Number of hexadecimal digits by escape.
    private static let hexDigitCounts: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]

    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "\\": "\\", "'": "'", "\"": "\"", "n": "\n", "t": "\t", "r": "\r", "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}",
        "v": "\u{0B}",
    ]
}

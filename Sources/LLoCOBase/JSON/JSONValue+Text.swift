extension JSONValue {
    /// The value as JSON text; with `indent`, one key or element per line.
    package func text(indent: Bool = false) -> String {
        var output = ""
        write(to: &output, indent: indent, level: 0)
        return output
    }

    private func write(to output: inout String, indent: Bool, level: Int) {
        switch self {
        case .null: output += "null"
        case .bool(let value): output += value ? "true" : "false"
        case .integer(let value): output += String(value)
        case .number(let value):
            // Python's spelling; JSON has none.
            output += value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)"
        case .string(let value): Self.quote(value, to: &output)
        case .array(let values):
            Self.enclose("[", "]", values, to: &output, indent: indent, level: level) { value, output in
                value.write(to: &output, indent: indent, level: level + 1)
            }
        case .object(let object):
            Self.enclose("{", "}", object.members, to: &output, indent: indent, level: level) { member, output in
                Self.quote(member.key, to: &output)
                output += indent ? ": " : ":"
                member.value.write(to: &output, indent: indent, level: level + 1)
            }
        }
    }

    private static func enclose<Element>(
        _ open: String, _ close: String, _ elements: [Element], to output: inout String, indent: Bool, level: Int,
        _ body: (Element, inout String) -> Void
    ) {
        output += open
        for (index, element) in elements.enumerated() {
            if index > 0 { output += "," }
            if indent { output += "\n" + String(repeating: "  ", count: level + 1) }
            body(element, &output)
        }
        if indent, !elements.isEmpty { output += "\n" + String(repeating: "  ", count: level) }
        output += close
    }

    private static func quote(_ text: String, to output: inout String) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}

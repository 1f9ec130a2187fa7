extension String {
    /// The text escaped for HTML and SVG: element content, or an attribute in double quotes.
    package var escapedMarkup: String {
        var result = ""
        result.reserveCapacity(utf8.count + utf8.count / 16)
        for scalar in visible.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The text with visible replacements, such as `⟨U+202E⟩`, for scalars that reorder text, control a terminal or
    /// break XML.
    ///
    /// The marks that Arabic and Hebrew text needs (U+200E, U+200F, U+061C) stay: they affect only neighbouring
    /// letters. Line ends become `\n`.
    package var visible: String {
        guard unicodeScalars.contains(where: { $0.isReplacedInReports || $0 == "\r" }) else { return self }
        var result = ""
        var previous: Unicode.Scalar?
        for scalar in unicodeScalars {
            if scalar.isReplacedInReports {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "⟨U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "⟩"
            } else if scalar == "\r" {
                result += "\n"
            } else if scalar != "\n" || previous != "\r" {
                result.unicodeScalars.append(scalar)
            }
            previous = scalar
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Whether the scalar is a control other than tab and line ends, a directional embedding, override or isolate, or
    /// not a character in XML.
    fileprivate var isReplacedInReports: Bool {
        switch value {
        case 0x09, 0x0A, 0x0D: false
        case 0...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}

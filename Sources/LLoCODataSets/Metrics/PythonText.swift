/// Python's text semantics where they differ from Swift's.
///
/// The published scores come from Python scripts. Swift's `String` compares by canonical equivalence, has no final
/// sigma and another set of white space, so these functions work on scalars.
enum PythonText {
    /// `str.lower()`: the full case mapping of every scalar; a capital sigma at the end of a word becomes `ς`.
    static func lowercased(_ text: String) -> [Unicode.Scalar] {
        let scalars = Array(text.unicodeScalars)
        var lowered: [Unicode.Scalar] = []
        lowered.reserveCapacity(scalars.count)
        for (index, scalar) in scalars.enumerated() {
            if scalar.isASCII {
                let isCapital = scalar.value >= 0x41 && scalar.value <= 0x5A
                lowered.append(isCapital ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar)
            } else if scalar == "\u{3A3}" {
                lowered.append(isFinalSigma(at: index, in: scalars) ? "\u{3C2}" : "\u{3C3}")
            } else {
                lowered.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return lowered
    }

    /// `str.strip()`.
    static func stripped<Text: BidirectionalCollection<Unicode.Scalar>>(_ text: Text) -> Text.SubSequence {
        let start = text.drop(while: \.isPythonSpace)
        guard let last = start.lastIndex(where: { !$0.isPythonSpace }) else { return start }
        return start[...last]
    }

    /// `part in text` for UTF-8: the same scalars in the same order, without canonical equivalence.
    static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { start in
            text[start] == first && part.indices.allSatisfy { text[start + $0] == part[$0] }
        }
    }

    /// The Final_Sigma condition (Unicode, section 3.13): a cased letter before and none after, skipping case-ignorable
    /// scalars.
    private static func isFinalSigma(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return before?.properties.isCased == true && after?.properties.isCased != true
    }
}

extension Unicode.Scalar {
    /// `str.isspace()`, the separators of `str.split()`: unlike Unicode's White_Space it includes U+001C to U+001F.
    var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
            return true
        default:
            return false
        }
    }

    /// `\w` of Python's `re`: letters, numbers and the underscore; unlike Unicode's `\w`, no combining marks.
    var isPythonWord: Bool {
        if isASCII {
            switch UInt8(value) {
            case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: return true
            default: return false
            }
        }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return true
        default:
            return properties.numericType != nil
        }
    }
}

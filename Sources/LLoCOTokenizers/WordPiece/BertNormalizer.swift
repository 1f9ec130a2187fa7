import Foundation

/// BERT's text normalization (Devlin et al. 2019, `BasicTokenizer`), scalar by scalar.
struct BertNormalizer: Sendable, Hashable {
    /// Whether control characters are dropped and all white space becomes spaces.
    var cleansText = true

    /// Whether each CJK ideograph is a separate word.
    var separatesIdeographs = true
    var lowercases = true

    /// Whether accents are removed: canonical decomposition, without nonspacing marks.
    var stripsAccents = true

    /// The result of normalizing a scalar.
    enum Effect: Sendable {
        /// The scalar is removed.
        case dropped
        /// The scalar ends a word.
        case space
        /// The scalar is a separate word (punctuation or an ideograph), in UTF-8.
        case word([UInt8])
        /// The scalar is part of a word, in UTF-8 with the number of scalars.
        case part([UInt8], scalars: Int)
        /// The scalar becomes several of the above.
        case several([Effect])
    }

    func effect(of scalar: Unicode.Scalar) -> Effect {
        if cleansText {
            if isDropped(scalar) {
                return .dropped
            }
            if scalar.properties.isWhitespace {
                return .space
            }
        } else if scalar.properties.isWhitespace {
            return .space
        }
        var text = String(scalar)
        if stripsAccents {
            let letters = text.decomposedStringWithCanonicalMapping.unicodeScalars.filter {
                $0.properties.generalCategory != .nonspacingMark
            }
            text = String(String.UnicodeScalarView(letters))
        }
        if lowercases {
            text = text.unicodeScalars.map(\.properties.lowercaseMapping).joined()
        }
        if separatesIdeographs, Self.isIdeograph(scalar.value) {
            return .word(Array(text.utf8))
        }
        return Self.effect(of: text.unicodeScalars)
    }

    private static func effect(of scalars: String.UnicodeScalarView) -> Effect {
        if !scalars.contains(where: { isPunctuation($0) || $0.properties.isWhitespace }) {
            return scalars.isEmpty ? .dropped : .part(Array(String(scalars).utf8), scalars: scalars.count)
        }
        let effects = scalars.map { scalar -> Effect in
            if isPunctuation(scalar) {
                return .word(Array(String(scalar).utf8))
            }
            return scalar.properties.isWhitespace ? .space : .part(Array(String(scalar).utf8), scalars: 1)
        }
        return effects.count == 1 ? effects[0] : .several(effects)
    }

    private func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: return false
        case 0, 0xFFFD: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse: return true
        default: return false
        }
    }

    private static func isIdeograph(_ value: UInt32) -> Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default:
            false
        }
    }

    /// Whether the scalar is punctuation. This includes all ASCII symbols, such as `$` and `^`.
    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
        case 0..<0x80: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default:
            return false
        }
    }
}

import Foundation
import LLoCOBase
import LLoCODocuments

/// A remover of leftover HTML: QuALITY's stripped articles, questions and options still contain single tags and
/// character references. Line breaks stay, and so do `<` and `&` outside HTML.
enum LeftoverMarkup {
    /// The text without HTML tags, and with character references replaced by their characters.
    static func removed(from text: String) throws -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }) else { return text }
        let start = text.prefix(256).lowercased().trimmingCharacters(in: .whitespacesAndNewlines)
        if start.hasPrefix("<html") || start.hasPrefix("<!doctype html") {
            // The file was never stripped.
            do {
                return try DocumentReader().read(Data(text.utf8), path: "article", kind: .html).text
            } catch let error as DocumentError {
                throw JSONFields.Fault(reason: error.description)
            }
        }
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "<"), let end = tagEnd(in: bytes, at: index, &output) {
                index = end
            } else if bytes[index] == UInt8(ascii: "&"), let (scalar, end) = reference(in: bytes, at: index) {
                output += Array(String(scalar).utf8)
                index = end
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static let lineBreaks: Set<String> = [
        "br", "p", "div", "li", "tr", "hr", "h1", "h2", "h3", "h4", "blockquote",
    ]
    private static let names: Set<String> = lineBreaks.union([
        "a", "b", "i", "u", "em", "strong", "small", "big", "sup", "sub", "span", "font", "center", "cite", "code",
        "tt",
        "pre", "ul", "ol", "table", "tbody", "thead", "td", "th", "img", "h5", "h6", "strike", "s", "q",
    ])
    /// Maximum bytes of a tag; anything longer counts as text.
    private static let maximumTag = 500

    /// The index after the tag at `start`; nil if there is no tag.
    private static func tagEnd(in bytes: [UInt8], at start: Int, _ output: inout [UInt8]) -> Int? {
        var index = start + 1
        if index < bytes.count, bytes[index] == UInt8(ascii: "/") { index += 1 }
        let nameStart = index
        while index < bytes.count, index - nameStart < 12, isNameByte(bytes[index]) { index += 1 }
        let name = String(decoding: bytes[nameStart..<index], as: UTF8.self).lowercased()
        guard names.contains(name), index < bytes.count else { return nil }
        guard [0x20, 0x0A, UInt8(ascii: "/"), UInt8(ascii: ">")].contains(bytes[index]) else { return nil }
        let limit = min(bytes.count, start + maximumTag)
        guard let end = bytes[index..<limit].firstIndex(where: { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") }),
            bytes[end] == UInt8(ascii: ">")
        else { return nil }
        // `<b and c>` is a comparison, not a tag.
        let rest = bytes[index..<end]
        guard rest.contains(UInt8(ascii: "=")) || rest.allSatisfy({ $0 == UInt8(ascii: "/") || $0 <= 0x20 }) else {
            return nil
        }
        if lineBreaks.contains(name), let last = output.last, last != 0x0A { output.append(0x0A) }
        return end + 1
    }

    private static let references: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "mdash": "—", "ndash": "–",
        "hellip": "…", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "copy": "©", "reg": "®", "deg": "°",
        "pound": "£", "euro": "€", "cent": "¢", "sect": "§", "times": "×", "frac12": "½", "eacute": "é", "egrave": "è",
        "ecirc": "ê", "agrave": "à", "aacute": "á", "ccedil": "ç", "ntilde": "ñ", "ouml": "ö", "auml": "ä", "uuml": "ü",
        "szlig": "ß", "oelig": "œ", "aelig": "æ", "middot": "·", "bull": "•", "trade": "™",
    ]

    /// The character of the reference at `start` and the index after it; nil if there is no reference.
    private static func reference(in bytes: [UInt8], at start: Int) -> (Unicode.Scalar, Int)? {
        let limit = min(bytes.count, start + 12)
        guard let end = bytes[start..<limit].firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
        guard name.hasPrefix("#") else { return references[name].map { ($0, end + 1) } }
        let isHexadecimal = name.hasPrefix("#x") || name.hasPrefix("#X")
        let digits = name.dropFirst(isHexadecimal ? 2 : 1)
        guard let value = UInt32(digits, radix: isHexadecimal ? 16 : 10), value >= 0x20, value != 0x7F,
            let scalar = Unicode.Scalar(value)
        else { return nil }
        return (scalar.value == 0xA0 ? " " : scalar, end + 1)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

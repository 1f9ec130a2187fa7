internal import Foundation

/// Converts HTML to text: drops markup, scripts and styles, and decodes character references.
///
/// Paragraph-like elements become blank lines, line-like elements new lines. Runs of blanks become one blank, except in
/// `pre`. The conversion is one pass over UTF-8 bytes.
struct HTMLText {
    let path: String

    func text(_ data: Data) throws -> String {
        let source = try HTMLDecoding(path: path).text(data)
        var stripper = HTMLStripper(path: path, bytes: Array(source.utf8))
        return String(decoding: try stripper.run(), as: UTF8.self)
    }
}

/// One pass over the bytes of a page.
private struct HTMLStripper {
    /// The separator between the output so far and the next text.
    enum Gap: Int {
        case none, space, line, paragraph
    }

    let path: String
    let bytes: [UInt8]
    let isXML: Bool
    var output: [UInt8] = []
    var gap = Gap.none
    var preformatted = 0

    init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        isXML = bytes.starts(with: Array("<?xml".utf8)) || path.lowercased().hasSuffix(".xhtml")
        output.reserveCapacity(bytes.count / 2)
    }

    mutating func run() throws -> [UInt8] {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "<") {
                index = try markup(at: index)
            } else if byte == UInt8(ascii: "&"), let (scalar, next) = HTMLEntities.reference(in: bytes, at: index) {
                emit(scalar)
                index = next
            } else {
                emit(byte)
                index += 1
            }
        }
        return output
    }

    private mutating func emit(_ scalar: Unicode.Scalar) {
        // Replace a no-break space with a space.
        if scalar.value == 0xA0 { return emit(UInt8(ascii: " ")) }
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { emit(byte) }
    }

    private mutating func emit(_ byte: UInt8) {
        let isBlank = byte == 0x20 || (9...13).contains(byte)
        if isBlank, preformatted == 0 { return widen(.space) }
        if gap != .none {
            if !output.isEmpty {
                switch gap {
                case .none: break
                case .space: output.append(0x20)
                case .line: output.append(0x0A)
                case .paragraph: output.append(contentsOf: [0x0A, 0x0A])
                }
            }
            gap = .none
        }
        output.append(byte)
    }

    private mutating func widen(_ other: Gap) {
        if other.rawValue > gap.rawValue { gap = other }
    }

    /// Processes the markup that begins with `<` at `start`; returns the offset after it.
    private mutating func markup(at start: Int) throws -> Int {
        guard start + 1 < bytes.count else {
            emit(bytes[start])
            return start + 1
        }
        switch bytes[start + 1] {
        case UInt8(ascii: "!"):
            if matches("<!--", at: start) {
                guard let end = find("-->", from: start + 4) else { throw unclosed("a comment", start) }
                return end + 3
            }
            if matches("<![CDATA[", at: start) {
                guard let end = find("]]>", from: start + 9) else { throw unclosed("a CDATA section", start) }
                for byte in bytes[start + 9..<end] { emit(byte) }
                return end + 3
            }
            fallthrough
        case UInt8(ascii: "?"):
            guard let end = find(">", from: start + 2) else { throw unclosed("a declaration", start) }
            return end + 1
        case UInt8(ascii: "/"):
            guard start + 2 < bytes.count, Self.isLetter(bytes[start + 2]) else {
                emit(bytes[start])
                return start + 1
            }
            let tag = try self.tag(from: start + 2, opened: start)
            close(tag.name)
            return tag.end
        case let byte where Self.isLetter(byte):
            let tag = try self.tag(from: start + 1, opened: start)
            return try open(tag.name, isEmpty: isXML && tag.isSelfClosed, end: tag.end, at: start)
        default:
            emit(bytes[start])
            return start + 1
        }
    }

    private mutating func open(_ name: String, isEmpty: Bool, end: Int, at start: Int) throws -> Int {
        if HTMLElements.dropped.contains(name), !isEmpty {
            guard let next = endOfElement(name, from: end) else { throw unclosed("<\(name)>", start) }
            return next
        }
        separate(name)
        if name == "pre", !isEmpty { preformatted += 1 }
        return end
    }

    private mutating func close(_ name: String) {
        if name == "pre" { preformatted = max(0, preformatted - 1) }
        separate(name)
    }

    private mutating func separate(_ name: String) {
        if HTMLElements.paragraphs.contains(name) {
            widen(.paragraph)
        } else if HTMLElements.lines.contains(name) {
            widen(.line)
        } else if HTMLElements.cells.contains(name) {
            widen(.space)
        }
    }

    /// The name and the end of a tag. A quotation mark counts only at the beginning of an attribute's value.
    private func tag(from start: Int, opened: Int) throws -> (name: String, isSelfClosed: Bool, end: Int) {
        var index = start
        while index < bytes.count, !Self.endsName(bytes[index]) { index += 1 }
        let name = String(decoding: bytes[start..<min(index, start + 32)], as: UTF8.self).lowercased()
        var afterEquals = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: ">") { return (name, bytes[index - 1] == UInt8(ascii: "/"), index + 1) }
            if afterEquals, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                guard let quote = bytes[(index + 1)...].firstIndex(of: byte) else { break }
                index = quote
                afterEquals = false
            } else if byte == UInt8(ascii: "=") {
                afterEquals = true
            } else if byte != 0x20, !(9...13).contains(byte) {
                afterEquals = false
            }
            index += 1
        }
        throw unclosed("the tag <\(name)", opened)
    }

    private func endOfElement(_ name: String, from start: Int) -> Int? {
        let name = Array(name.utf8)
        var index = start
        while let next = find("</", from: index) {
            index = next + 2
            guard index + name.count <= bytes.count else { return nil }
            let isSame = zip(bytes[index...], name).allSatisfy { $0 | 0x20 == $1 }
            let after = index + name.count
            if isSame, after == bytes.count || Self.endsName(bytes[after]) {
                return find(">", from: after).map { $0 + 1 }
            }
        }
        return nil
    }

    private func matches(_ text: StaticString, at index: Int) -> Bool {
        index + text.utf8CodeUnitCount <= bytes.count
            && UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
                .elementsEqual(bytes[index..<index + text.utf8CodeUnitCount])
    }

    private func find(_ text: StaticString, from start: Int) -> Int? {
        let first = text.utf8Start[0]
        var index = start
        while index + text.utf8CodeUnitCount <= bytes.count {
            if bytes[index] == first, matches(text, at: index) { return index }
            index += 1
        }
        return nil
    }

    private func unclosed(_ construct: String, _ offset: Int) -> DocumentError {
        DocumentError(
            .truncated,
            "\(path): ends inside \(construct) that begins at byte \(offset) (of UTF-8): truncated? copy it again")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func endsName(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/")
    }
}

/// Element names by their effect on the surrounding text.
private enum HTMLElements {
    static let dropped: Set<String> = [
        "script", "style", "template", "noscript", "svg", "iframe", "noembed", "noframes",
    ]
    static let paragraphs: Set<String> = [
        "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr", "section",
        "article", "header", "footer", "nav", "main", "aside", "figure", "form", "fieldset", "address", "title", "body",
        "details",
    ]
    static let lines: Set<String> = [
        "br", "li", "tr", "dt", "dd", "option", "figcaption", "caption", "legend", "summary", "thead", "tbody", "tfoot",
    ]
    static let cells: Set<String> = ["td", "th"]
}

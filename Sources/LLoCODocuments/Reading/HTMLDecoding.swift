internal import Foundation

/// Decodes the bytes of an HTML file: by its byte order mark, else its declared charset, else as UTF-8.
struct HTMLDecoding {
    let path: String

    func text(_ data: Data) throws -> String {
        let decoding = TextDecoding(path: path)
        let marked = [[0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]].contains { data.starts(with: $0 as [UInt8]) }
        guard !marked, let charset = charset(data.prefix(1024)) else { return try decoding.text(data) }
        switch charset {
        case "utf-8", "utf8", "us-ascii", "ascii":
            return try decoding.text(data)
        // Browsers decode all of these as Windows-1252 (encoding.spec.whatwg.org).
        case "windows-1252", "cp1252", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1":
            let bytes = [UInt8](data)
            try decoding.refuseBinary(bytes)
            var text: [UInt8] = []
            text.reserveCapacity(bytes.count + bytes.count / 8)
            for byte in bytes {
                if byte < 0x80 {
                    text.append(byte)
                } else {
                    text.append(contentsOf: UTF8.encode(Windows1252.scalar(byte)) ?? UTF8.encodedReplacementCharacter)
                }
            }
            return String(decoding: text, as: UTF8.self)
        default:
            let shown = charset.prefix(30).filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_:.".contains($0)) }
            throw DocumentError(
                .encoding,
                "\(path): HTML in charset \(shown), expected UTF-8 or ISO-8859-1; "
                    + "convert it and remove the declaration: iconv -f \(shown) -t UTF-8 \(decoding.quoted)")
        }
    }

    /// The declared charset: `encoding=` in an XML declaration, or `charset=` in a `meta` element.
    private func charset(_ head: Data) -> String? {
        // Replace other bytes than ASCII, so that any bytes can be decoded.
        let text = String(decoding: head.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self).lowercased()
        let declared: Range<String.Index>?
        if text.hasPrefix("<?xml"), let end = text.range(of: "?>"),
            let found = text.range(of: "encoding", range: text.startIndex..<end.lowerBound)
        {
            declared = found
        } else if let meta = text.range(of: "<meta") {
            declared = text.range(of: "charset", range: meta.upperBound..<text.endIndex)
        } else {
            declared = nil
        }
        guard let declared else { return nil }
        let rest = text[declared.upperBound...].drop(while: \.isWhitespace)
        guard rest.first == "=" else { return nil }
        let value = rest.dropFirst().drop { $0.isWhitespace || $0 == "\"" || $0 == "'" }
            .prefix { !$0.isWhitespace && !"\"';/>?".contains($0) }
        return value.isEmpty ? nil : String(value)
    }
}

/// Windows-1252: the bytes 0x80 to 0x9F differ from Unicode's first 256 characters.
enum Windows1252 {
    private static let upper: [UInt16] = [
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D,
        0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x009D, 0x017E, 0x0178,
    ]

    static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        guard (0x80...0x9F).contains(byte) else { return Unicode.Scalar(byte) }
        return Unicode.Scalar(upper[Int(byte) - 0x80]) ?? Unicode.Scalar(byte)
    }
}

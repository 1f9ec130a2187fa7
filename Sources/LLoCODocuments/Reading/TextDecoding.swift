internal import Foundation
import LLoCOBase

/// Decodes text: UTF-8 with or without a byte order mark, UTF-16 with one. Anything else is refused, with the offset.
struct TextDecoding {
    let path: String

    func text(_ data: Data) throws -> String {
        let bytes = [UInt8](data)
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) {
            throw DocumentError(
                .encoding, "\(path): UTF-32, expected UTF-8; convert it: iconv -f UTF-32 -t UTF-8 \(quoted)")
        }
        if bytes.starts(with: [0xFF, 0xFE]) { return try utf16(bytes, bigEndian: false) }
        if bytes.starts(with: [0xFE, 0xFF]) { return try utf16(bytes, bigEndian: true) }
        let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        try refuseBinary(bytes)
        if let fault = UTF8Validation.fault(in: bytes) { throw refusal(fault, bytes) }
        return String(decoding: bytes[mark...], as: UTF8.self)
    }

    /// Unchanged UTF-8, including a byte order mark and control characters; only NUL is refused.
    func exactText(_ bytes: [UInt8]) throws -> String {
        if bytes.contains(0) { try refuseBinary(bytes) }
        if let fault = UTF8Validation.fault(in: bytes) { throw refusal(fault, bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The path, quoted for a shell.
    var quoted: String { "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'" }

    private func refusal(_ fault: UTF8Validation.Fault, _ bytes: [UInt8]) -> DocumentError {
        switch fault {
        case .truncated(let offset):
            return DocumentError(
                .truncated,
                "\(path): ends in the middle of a UTF-8 character at byte \(offset) of \(bytes.count): "
                    + "truncated? copy it again")
        case .invalid(let offset):
            let byte = String(bytes[offset], radix: 16, uppercase: true)
            return DocumentError(
                .encoding,
                "\(path): not UTF-8: byte 0x\(byte) at offset \(offset); "
                    + "convert it, such as: iconv -f WINDOWS-1252 -t UTF-8 \(quoted)")
        }
    }

    /// Throws if the bytes are not text: a NUL byte, or more control characters than 4 and than 1 % of the bytes.
    func refuseBinary(_ bytes: [UInt8]) throws {
        var controls = 0
        var firstNUL: Int?
        for (offset, byte) in bytes.enumerated() where byte < 0x20 {
            if byte == 0 {
                firstNUL = offset
                break
            }
            // Allow backspace to carriage return, and escape: terminal recordings are text.
            if !(8...13).contains(byte) && byte != 27 { controls += 1 }
        }
        if let offset = firstNUL {
            let pairs = min(bytes.count / 2, 256)
            let low = (0..<pairs).count { bytes[2 * $0 + 1] == 0 }
            let high = (0..<pairs).count { bytes[2 * $0] == 0 }
            if pairs >= 4, max(low, high) * 10 >= pairs * 8, min(low, high) * 10 < pairs {
                let name = low > high ? "UTF-16LE" : "UTF-16BE"
                throw DocumentError(
                    .encoding,
                    "\(path): looks like UTF-16 without a byte order mark, expected UTF-8; "
                        + "convert it: iconv -f \(name) -t UTF-8 \(quoted)")
            }
            throw DocumentError(.binary, "\(path): binary (a NUL byte at offset \(offset)), expected text")
        }
        if controls > 4, controls > bytes.count / 100 {
            throw DocumentError(
                .binary, "\(path): binary (\(controls) control characters in \(bytes.count) bytes), expected text")
        }
    }

    private func utf16(_ bytes: [UInt8], bigEndian: Bool) throws -> String {
        guard bytes.count % 2 == 0 else {
            throw DocumentError(
                .truncated, "\(path): UTF-16 with an odd number of bytes (\(bytes.count)): truncated? copy it again")
        }
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        for offset in stride(from: 2, to: bytes.count, by: 2) {
            let first = UInt16(bytes[offset])
            let second = UInt16(bytes[offset + 1])
            units.append(bigEndian ? first << 8 | second : second << 8 | first)
        }
        var index = 0
        while index < units.count {
            let unit = units[index]
            if unit & 0xF800 != 0xD800 {
                if unit == 0 {
                    throw DocumentError(
                        .binary, "\(path): binary (UTF-16 with a NUL at byte \(2 * index + 2)), expected text")
                }
                index += 1
                continue
            }
            guard unit < 0xDC00, index + 1 < units.count, units[index + 1] & 0xFC00 == 0xDC00 else {
                throw DocumentError(
                    .encoding, "\(path): not UTF-16: half of a surrogate pair at byte \(2 * index + 2)")
            }
            index += 2
        }
        return String(decoding: units, as: UTF16.self)
    }
}

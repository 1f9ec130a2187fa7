/// Finds the first fault in a byte string that should be UTF-8 (Unicode 16, table 3-7).
package enum UTF8Validation {
    /// A fault and its byte offset.
    package enum Fault: Equatable {
        /// The last character, which begins at this offset, is truncated.
        case truncated(Int)
        /// The byte at this offset, or the character that begins there, is invalid.
        case invalid(Int)
    }

    /// The first fault; nil if the bytes are UTF-8.
    package static func fault(in bytes: [UInt8]) -> Fault? {
        bytes.withUnsafeBufferPointer { fault(in: $0) }
    }

    private static func fault(in bytes: UnsafeBufferPointer<UInt8>) -> Fault? {
        let raw = UnsafeRawBufferPointer(bytes)
        var index = 0
        while index < bytes.count {
            // Skip ASCII, which most text is, eight bytes at a time.
            while index + 8 <= bytes.count,
                raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            { index += 8 }
            guard index < bytes.count else { return nil }
            let lead = bytes[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            let length: Int
            var second: ClosedRange<UInt8> = 0x80...0xBF
            switch lead {
            case 0xC2...0xDF: length = 2
            case 0xE0...0xEF:
                length = 3
                if lead == 0xE0 { second = 0xA0...0xBF }
                if lead == 0xED { second = 0x80...0x9F }
            case 0xF0...0xF4:
                length = 4
                if lead == 0xF0 { second = 0x90...0xBF }
                if lead == 0xF4 { second = 0x80...0x8F }
            default: return .invalid(index)
            }
            for offset in 1..<length {
                guard index + offset < bytes.count else { return .truncated(index) }
                let byte = bytes[index + offset]
                guard offset == 1 ? second.contains(byte) : byte & 0xC0 == 0x80 else { return .invalid(index) }
            }
            index += length
        }
        return nil
    }
}

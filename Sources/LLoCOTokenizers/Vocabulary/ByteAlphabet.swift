/// The characters that represent bytes in a byte-level vocabulary (GPT-2, Radford et al. 2019). Printable Latin-1
/// characters represent themselves; the characters from U+0100 on represent the other bytes in order.
enum ByteAlphabet {
    /// The scalar of each byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// The byte of each scalar; -1 for a scalar that does not represent a byte.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: Int(scalars.max() ?? 0) + 1)
        for (byte, scalar) in scalars.enumerated() {
            bytes[Int(scalar)] = Int16(truncatingIfNeeded: byte)
        }
        return bytes
    }()

    /// The spelling of `bytes` in a vocabulary.
    static func spelling(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(scalar: scalars[Int(byte)])
        }
        return text
    }

    /// Appends the bytes of a spelling. Returns false and appends nothing if a character does not represent a byte.
    static func append(bytesOf spelling: UTF8Buffer, to result: inout [UInt8]) -> Bool {
        let start = result.count
        var index = 0
        while index < spelling.count {
            let (value, length) = spelling.scalar(at: index)
            guard value < bytes.count, bytes[Int(value)] >= 0 else {
                result.removeLast(result.count - start)
                return false
            }
            result.append(UInt8(truncatingIfNeeded: bytes[Int(value)]))
            index += length
        }
        return true
    }
}

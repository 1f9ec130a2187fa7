/// The characters that stand for bytes in a byte-level vocabulary (GPT-2, Radford et al. 2019): a printable character of
/// Latin-1 for itself, and the characters from U+0100 on, in order, for the others.
enum ByteAlphabet {
    /// The scalar that stands for each byte.
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

    /// The byte that each scalar stands for; -1 for a scalar that stands for none.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: Int(scalars.max() ?? 0) + 1)
        for (byte, scalar) in scalars.enumerated() {
            bytes[Int(scalar)] = Int16(truncatingIfNeeded: byte)
        }
        return bytes
    }()

    /// How a vocabulary spells `bytes`.
    static func spelling(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(scalar: scalars[Int(byte)])
        }
        return text
    }

    /// Adds the bytes that a spelling stands for; false, and nothing added, where it has a character that stands for
    /// none.
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

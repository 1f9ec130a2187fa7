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

    private static let bytes: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8(truncatingIfNeeded: $0)) })

    /// How a vocabulary spells `bytes`.
    static func spelling(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(scalar: scalars[Int(byte)])
        }
        return text
    }

    /// The bytes that a spelling stands for; nil where it has a character that stands for none.
    static func bytes(of spelling: UTF8Buffer) -> [UInt8]? {
        var result: [UInt8] = []
        var index = 0
        while index < spelling.count {
            let (value, length) = spelling.scalar(at: index)
            guard let byte = bytes[value] else { return nil }
            result.append(byte)
            index += length
        }
        return result
    }
}

/// A reader of the fields of one message in the protocol buffer wire format.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var bytes: ArraySlice<UInt8>
    private let location: String

    init(_ bytes: ArraySlice<UInt8>, location: String) {
        self.bytes = bytes
        self.location = location
    }

    /// The next field; nil at the end of the message.
    ///
    /// - Throws: ``TokenizerError`` if a field extends beyond the message or has an unknown wire type.
    mutating func next() throws(TokenizerError) -> (number: Int, value: Value)? {
        guard !bytes.isEmpty else { return nil }
        let key = try varint()
        guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw fault("a field with number \(key >> 3)") }
        let number = Int(key >> 3)
        switch key & 7 {
        case 0:
            return (number, .varint(try varint()))
        case 1:
            return (number, .fixed64(littleEndian(try take(8))))
        case 2:
            let length = try varint()
            guard length <= UInt64(bytes.count) else {
                throw fault("a field of \(length) bytes with \(bytes.count) remaining")
            }
            return (number, .bytes(try take(Int(length))))
        case 5:
            return (number, .fixed32(UInt32(truncatingIfNeeded: littleEndian(try take(4)))))
        default:
            throw fault("a field of unknown kind \(key & 7)")
        }
    }

    private mutating func varint() throws(TokenizerError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = bytes.popFirst() else { throw fault("the end inside a number") }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                return value
            }
        }
        throw fault("a number of more than ten bytes")
    }

    private mutating func take(_ count: Int) throws(TokenizerError) -> ArraySlice<UInt8> {
        guard count <= bytes.count else { throw fault("the end inside a field") }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count)
    }

    private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func fault(_ found: String) -> TokenizerError {
        .malformed(location, "not a SentencePiece model: \(found), at byte \(bytes.startIndex)")
    }
}

extension ProtobufReader.Value {
    /// The value of a signed 32-bit integer field.
    var int32: Int? {
        guard case .varint(let value) = self else { return nil }
        return Int(Int32(truncatingIfNeeded: value))
    }

    var bool: Bool? {
        guard case .varint(let value) = self else { return nil }
        return value != 0
    }

    var float: Float? {
        guard case .fixed32(let bits) = self else { return nil }
        return Float(bitPattern: bits)
    }

    var message: ArraySlice<UInt8>? {
        guard case .bytes(let bytes) = self else { return nil }
        return bytes
    }

    /// The value of a string field; nil if it is not UTF-8.
    var string: String? { message.flatMap { String(validating: $0, as: UTF8.self) } }
}

import CLLoCOZlib

/// Inflates a gzip file piece by piece (RFC 1952).
///
/// The file may have several concatenated members, and zeros after the last one, as tape and block tools leave them.
final class GzipInflater {
    /// A fault of the compressed data, or of zlib.
    struct Fault: Error {
        var reason: String
    }

    /// The first two bytes of every member.
    static let magic: [UInt8] = [0x1F, 0x8B]
    private static let outputCount = 1 << 18

    private let readInput: () throws -> [UInt8]
    private var input: [UInt8] = []
    private var position = 0
    // On the heap, because zlib keeps a pointer to the stream and rejects a stream that has moved.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isInsideMember = true

    /// An inflater of the pieces that `readInput` returns; an empty piece is the end.
    init(readInput: @escaping () throws -> [UInt8]) throws {
        self.readInput = readInput
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15: the maximum window; + 16: gzip only.
        let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            stream.deallocate()
            throw Fault(reason: "zlib cannot be initialized (status \(status))")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The next piece of text, up to 256 KiB; empty at the end of the last member.
    func next() throws -> [UInt8] {
        while true {
            if position == input.count {
                input = try readInput()
                position = 0
                if input.isEmpty {
                    guard !isInsideMember else { throw Fault(reason: "the gzip data ends early: a truncated file") }
                    return []
                }
            }
            if !isInsideMember, !startMember() { continue }
            let output = try inflatePiece()
            if !output.isEmpty { return output }
        }
    }

    /// Skips zeros and resets zlib for the next member; false if the current input has none.
    private func startMember() -> Bool {
        while position < input.count, input[position] == 0 { position += 1 }
        guard position < input.count else { return false }
        inflateReset(stream)
        isInsideMember = true
        return true
    }

    private func inflatePiece() throws -> [UInt8] {
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: Self.outputCount) { output, count in
            input.withUnsafeMutableBufferPointer { input in
                stream.pointee.next_in = input.baseAddress?.advanced(by: position)
                stream.pointee.avail_in = UInt32(input.count - position)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(output.count)
                status = inflate(stream, Z_NO_FLUSH)
                position = input.count - Int(stream.pointee.avail_in)
            }
            count = output.count - Int(stream.pointee.avail_out)
        }
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isInsideMember = false
        case Z_MEM_ERROR: throw Fault(reason: "zlib is out of memory")
        default:
            let detail = stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)"
            throw Fault(reason: "the gzip data is damaged (\(detail))")
        }
        return output
    }
}

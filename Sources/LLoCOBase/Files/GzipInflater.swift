import CLLoCOZlib

/// Inflates a gzip file piece by piece (RFC 1952): concatenated members, and zeros after the last one, as tape and
/// block tools leave them.
final class GzipInflater {
    /// What is wrong with the compressed data.
    struct Fault: Error {
        var reason: String
    }

    /// The first two bytes of every member.
    static let magic: [UInt8] = [0x1F, 0x8B]
    private static let outputCount = 1 << 18

    private let readInput: () throws -> [UInt8]
    private var input: [UInt8] = []
    private var position = 0
    // On the heap: zlib keeps a pointer to the stream and refuses one that has moved.
    private let stream: UnsafeMutablePointer<z_stream>
    private var isInsideMember = true

    /// An inflater of what `readInput` yields, piece by piece and empty at the end.
    init(readInput: @escaping () throws -> [UInt8]) throws {
        self.readInput = readInput
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15: the largest window; + 16: gzip only.
        let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            stream.deallocate()
            throw Fault(reason: "zlib does not start (status \(status))")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// The next piece of text, at most 256 KiB; empty at the end of the last member.
    func next() throws -> [UInt8] {
        while true {
            if position == input.count {
                input = try readInput()
                position = 0
                if input.isEmpty {
                    guard !isInsideMember else { throw Fault(reason: "the gzip data ends early; the file is cut off") }
                    return []
                }
            }
            if !isInsideMember, !startMember() { continue }
            let output = try inflatePiece()
            if !output.isEmpty { return output }
        }
    }

    /// Passes over zeros, and readies zlib for the member after them; false where the input at hand has none.
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

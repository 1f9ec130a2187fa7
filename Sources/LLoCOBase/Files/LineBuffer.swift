/// Bytes that come in pieces, given line by line.
package struct LineBuffer {
    private var rest: [UInt8] = []

    /// Bytes of the line that has not ended yet.
    package var pendingBytes: Int { rest.count }

    package init() {}

    /// The lines that end in these bytes, without their ends; empty ones are passed over.
    package mutating func append(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        let newline = UInt8(ascii: "\n")
        rest.append(contentsOf: bytes)
        guard let end = rest.lastIndex(of: newline) else { return [] }
        defer { rest.removeFirst(end + 1) }
        return rest[..<end].split(separator: newline).map(Array.init)
    }
}

/// Splits bytes that arrive in pieces into lines.
package struct LineBuffer {
    private var pending: [UInt8] = []

    /// Number of bytes of the line that has not ended yet.
    package var pendingBytes: Int { pending.count }

    package init() {}

    /// Adds bytes; returns the lines that end in them, without line endings. Empty lines are skipped.
    package mutating func append(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        let newline = UInt8(ascii: "\n")
        pending.append(contentsOf: bytes)
        guard let end = pending.lastIndex(of: newline) else { return [] }
        defer { pending.removeFirst(end + 1) }
        return pending[..<end].split(separator: newline).map(Array.init)
    }
}

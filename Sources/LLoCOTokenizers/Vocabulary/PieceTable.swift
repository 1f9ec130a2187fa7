/// The decoded bytes of every token, in contiguous storage.
struct PieceTable: Sendable {
    private var storage: [UInt8] = []
    private var ends: [Int] = []

    /// - Parameter append: appends the bytes of a token, given its id and spelling.
    init(_ vocabulary: Vocabulary, _ append: (Int, UTF8Buffer, inout [UInt8]) -> Void) {
        ends.reserveCapacity(vocabulary.count)
        storage.reserveCapacity(vocabulary.count * 8)
        for id in 0..<vocabulary.count {
            vocabulary.text(of: id).withUnsafeBufferPointer { append(id, $0, &storage) }
            ends.append(storage.count)
        }
    }

    /// The bytes of a token; empty for an id outside the vocabulary.
    subscript(id: Int) -> [UInt8] {
        guard ends.indices.contains(id) else { return [] }
        return Array(storage[(id == 0 ? 0 : ends[id - 1])..<ends[id]])
    }
}

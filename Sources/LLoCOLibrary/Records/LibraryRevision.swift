/// The revision of the data that searches read. Every change to passages, embeddings or groups makes a new one.
public struct LibraryRevision: Hashable, Sendable {
    /// Bytes that differ from those of all earlier revisions, such as 16 random ones. They have no order.
    public let bytes: [UInt8]

    /// Creates a revision from its bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}

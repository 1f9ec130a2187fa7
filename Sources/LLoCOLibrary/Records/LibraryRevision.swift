/// A mark of what searches see: it changes with every change to passages, embeddings or groups.
public struct LibraryRevision: Hashable, Sendable {
    /// Any bytes that were not given before, such as 16 random ones. They tell no order.
    public let bytes: [UInt8]

    /// A mark of these bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}

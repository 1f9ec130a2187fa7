/// What a library holds, in numbers.
public struct LibraryStatistics: Hashable, Sendable {
    /// Groups.
    public let groups: Int
    /// Documents.
    public let documents: Int
    /// Bytes of their texts, UTF-8.
    public let textBytes: Int
    /// Tokens of their texts.
    public let tokens: Int
    /// Passages.
    public let passages: Int
    /// Passages that have an embedding.
    public let embeddedPassages: Int
    /// Compressed segments, of all identities.
    public let segments: Int
    /// Their vectors.
    public let vectors: Int
    /// Adapters.
    public let adapters: Int
    /// Training runs.
    public let trainingRuns: Int
    /// The size of the file in bytes, its free pages included.
    public let fileBytes: Int
}

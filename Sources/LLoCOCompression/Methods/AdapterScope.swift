/// The positions at which a compressor's adapter is active.
public enum AdapterScope: String, Sendable, Codable, CaseIterable {
    /// All positions, while text is compressed and while the model attends to vectors, as published
    case everywhere
    /// All positions while text is compressed; the base model alone attends to vectors
    case compressing
    /// Only the summary positions, or none if the method has none; the base model alone processes text and attends to
    /// vectors
    case summaries

    /// Whether the adapter is active at the positions of the compressed text.
    package var includesText: Bool { self != .summaries }
    /// Whether the adapter is active at vectors and at the positions after them.
    package var includesReading: Bool { self == .everywhere }
}

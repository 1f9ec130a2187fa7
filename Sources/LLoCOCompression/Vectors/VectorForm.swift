/// The form in which a model uses a vector.
public enum VectorForm: String, Sendable, Codable, CaseIterable {
    /// An input embedding, [D]
    case embeddings
    /// The keys and values of one position in all compressed layers, [keyValueSize]
    case keysAndValues = "keys-and-values"
}

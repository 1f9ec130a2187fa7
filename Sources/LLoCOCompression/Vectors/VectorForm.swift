/// What a vector is to the model that reads it.
public enum VectorForm: String, Sendable, Codable, CaseIterable {
    /// an input embedding, [D]
    case embeddings
    /// the keys and values of one position in all layers that are compressed, [keyValueSize]
    case keysAndValues = "keys-and-values"
}

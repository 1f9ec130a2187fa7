/// Where a compressor's adapter is on.
public enum AdapterScope: String, Sendable, Codable, CaseIterable {
    /// at every position, while text is compressed and while vectors are read: the published way
    case everywhere
    /// while text is compressed: vectors are read by the model as it is
    case compressing
    /// at the summary positions alone, nowhere where a method has none: text is read, and vectors too, by the model as
    /// it is
    case summaries

    /// Whether text that is compressed is read with the adapter.
    package var includesText: Bool { self != .summaries }
    /// Whether vectors, and what follows them, are read with the adapter.
    package var includesReading: Bool { self == .everywhere }
}

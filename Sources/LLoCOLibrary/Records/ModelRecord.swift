/// A language model that documents were added with.
public struct ModelRecord: Hashable, Sendable {
    /// The SHA-256 over the model's files.
    public let identity: String
    /// The name that the model can be requested by; nil if it has none.
    public let name: String?
    /// The path that the model was loaded from; nil if only stored vectors identify the model.
    public let path: String?

    /// Creates a record. `path` is not read.
    public init(identity: String, name: String?, path: String?) {
        self.identity = identity
        self.name = name
        self.path = path
    }
}

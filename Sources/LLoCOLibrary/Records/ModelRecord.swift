/// A model that documents were added with.
public struct ModelRecord: Hashable, Sendable {
    /// The SHA-256 over the model's files.
    public let identity: String
    /// What it can be asked for by; nil where it has no name.
    public let name: String?
    /// Where it was; nil where only its vectors say which model it was.
    public let path: String?

    /// A model by its identity; nothing is read from `path`.
    public init(identity: String, name: String?, path: String?) {
        self.identity = identity
        self.name = name
        self.path = path
    }
}

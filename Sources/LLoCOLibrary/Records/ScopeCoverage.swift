/// The documents of a scope at one moment.
public struct ScopeCoverage: Hashable, Sendable {
    /// The library's revision at that moment.
    public let revision: LibraryRevision
    /// The documents' keys, ascending; nil for all documents of the library, which need not be listed.
    public let documents: [Int64]?

    /// Documents at a moment.
    public init(revision: LibraryRevision, documents: [Int64]?) {
        self.revision = revision
        self.documents = documents
    }
}

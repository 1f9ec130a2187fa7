/// The documents of a scope at one revision.
public struct ScopeCoverage: Hashable, Sendable {
    /// The library revision that the scope was resolved at.
    public let revision: LibraryRevision
    /// The documents' keys, ascending; nil for all documents of the library.
    public let documents: [Int64]?

    /// Creates a coverage.
    public init(revision: LibraryRevision, documents: [Int64]?) {
        self.revision = revision
        self.documents = documents
    }
}

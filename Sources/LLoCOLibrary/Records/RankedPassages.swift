/// Passages that have words of a query, best first, at one moment.
public struct RankedPassages: Hashable, Sendable {
    /// A passage, by its key, and its document's.
    public struct Hit: Hashable, Sendable {
        /// The passage's key.
        public let passage: Int64
        /// Its document's key.
        public let document: Int64

        /// A passage of a document.
        public init(passage: Int64, document: Int64) {
            self.passage = passage
            self.document = document
        }
    }

    /// The library's revision at that moment.
    public let revision: LibraryRevision
    /// Best first.
    public let hits: [Hit]

    /// Passages at a moment.
    public init(revision: LibraryRevision, hits: [Hit]) {
        self.revision = revision
        self.hits = hits
    }
}

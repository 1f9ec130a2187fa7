/// The passages that match a keyword query, best first, at one revision.
public struct RankedPassages: Hashable, Sendable {
    /// A matching passage.
    public struct Hit: Hashable, Sendable {
        /// The passage's key.
        public let passage: Int64
        /// The key of its document.
        public let document: Int64

        /// Creates a hit.
        public init(passage: Int64, document: Int64) {
            self.passage = passage
            self.document = document
        }
    }

    /// The library revision that was searched.
    public let revision: LibraryRevision
    /// The matching passages, best first.
    public let hits: [Hit]

    /// Creates a ranking.
    public init(revision: LibraryRevision, hits: [Hit]) {
        self.revision = revision
        self.hits = hits
    }
}

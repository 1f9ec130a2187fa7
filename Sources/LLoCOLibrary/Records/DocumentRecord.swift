public import Foundation

/// A stored document, without its text.
public struct DocumentRecord: Hashable, Sendable, Identifiable {
    /// Its key within the library; never used again after the document is removed.
    public let id: Int64
    /// How users name it: the last part of its path, more of it where that is taken. Unique within the library.
    public let name: String
    /// The path as last given.
    public let path: String
    /// The name of its group.
    public let group: String
    /// The SHA-256 of its text's UTF-8 bytes, in hexadecimal.
    public let digest: String
    /// The length of its text in UTF-8 bytes.
    public let byteCount: Int
    /// The length of its text in tokens, as counted when it was last added.
    public let tokenCount: Int
    /// Whether at least one compressor's vectors cover all of its present text.
    public let isComplete: Bool
    /// When it was first added.
    public let added: Date

    /// A document of the given parts.
    public init(
        id: Int64, name: String, path: String, group: String, digest: String, byteCount: Int, tokenCount: Int,
        isComplete: Bool, added: Date
    ) {
        self.id = id
        self.name = name
        self.path = path
        self.group = group
        self.digest = digest
        self.byteCount = byteCount
        self.tokenCount = tokenCount
        self.isComplete = isComplete
        self.added = added
    }
}

/// What adding a document did.
public struct DocumentUpsert: Hashable, Sendable {
    /// What became of the document's text.
    public enum Change: Hashable, Sendable {
        /// The document is new.
        case added
        /// Its text is the one already stored.
        case unchanged
        /// Its text differs from the stored one; passages and their embeddings were kept where they still hold.
        case changed
    }

    /// The document as it is now stored.
    public let document: DocumentRecord
    /// What became of its text.
    public let change: Change
    /// The group it was taken from, where adding moved it to another.
    public let movedFrom: String?

    /// What adding did.
    public init(document: DocumentRecord, change: Change, movedFrom: String?) {
        self.document = document
        self.change = change
        self.movedFrom = movedFrom
    }
}

public import Foundation

/// A stored document, without its text.
public struct DocumentRecord: Hashable, Sendable, Identifiable {
    /// The document's key within the library; never reused after the document is removed.
    public let id: Int64
    /// The name shown to users: the last path component, or more of the path if that is taken. Unique in the library.
    public let name: String
    /// The path that the document was last added with.
    public let path: String
    /// The name of its group.
    public let group: String
    /// The SHA-256 of the text's UTF-8 bytes, in hexadecimal.
    public let digest: String
    /// The length of the text in UTF-8 bytes.
    public let byteCount: Int
    /// The length of the text in tokens, as counted when it was last added.
    public let tokenCount: Int
    /// Whether the vectors of at least one compressor cover the whole current text.
    public let isComplete: Bool
    /// When it was first added.
    public let added: Date

    /// Creates a record from its fields.
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

/// The outcome of adding a document.
public struct DocumentUpsert: Hashable, Sendable {
    /// How the stored text changed.
    public enum Change: Hashable, Sendable {
        /// The document is new.
        case added
        /// The text equals the stored one.
        case unchanged
        /// The text replaced another. Unchanged passages kept their embeddings.
        case changed
    }

    /// The document as it is stored now.
    public let document: DocumentRecord
    /// How the stored text changed.
    public let change: Change
    /// The previous group if the document moved to another; otherwise nil.
    public let movedFrom: String?

    /// Creates an outcome.
    public init(document: DocumentRecord, change: Change, movedFrom: String?) {
        self.document = document
        self.change = change
        self.movedFrom = movedFrom
    }
}

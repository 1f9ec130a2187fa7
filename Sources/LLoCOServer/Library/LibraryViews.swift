import Foundation
import LLoCOLibrary

/// A group in the form of the API.
struct GroupView: Encodable {
    /// The group's own adapter
    struct Adapter: Encodable {
        /// SHA-256 of its weights
        let id: String
        let created: String
        let bytes: Int
    }
    /// The adapter for the group's vectors: its own, the general one, or none.
    enum Reader: String, Encodable {
        case own
        case general
        case none
    }

    let name: String
    let documents: Int
    let tokens: Int
    let vectors: Int
    @Nullable var adapter: Adapter?
    let readsWith: Reader
}

/// A document in the form of the API.
struct DocumentView: Encodable {
    let id: Int64
    let name: String
    let group: String
    let tokens: Int
    let bytes: Int
    let vectors: Int
    /// Whether the whole document is compressed
    let complete: Bool
    let added: String
    let sha256: String

    init(_ document: DocumentRecord, vectors: Int, isComplete: Bool) {
        (id, name, group) = (document.id, document.name, document.group)
        (tokens, bytes, self.vectors, complete) = (document.tokenCount, document.byteCount, vectors, isComplete)
        added = document.added.formatted(.iso8601)
        sha256 = document.digest
    }
}

/// A self-study question about a document.
struct QuestionView: Encodable {
    /// Start of the passage, in UTF-8 bytes of the document's text
    let start: Int
    let end: Int
    let kind: String
    let question: String
    let answer: String
    /// Why the question is not used for training
    @Nullable var rejection: String?
}

/// A search result.
struct PassageView: Encodable {
    let document: String
    let documentId: Int64
    /// Start, in UTF-8 bytes of the document's text
    let start: Int
    let end: Int
    let score: Double
    let text: String

    init(_ passage: RetrievedPassage) {
        (document, documentId) = (passage.documentName, passage.document)
        (start, end, score, text) = (passage.start, passage.end, passage.score, passage.text)
    }
}

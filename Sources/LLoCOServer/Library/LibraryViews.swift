import Foundation
import LLoCOLibrary

/// A group as clients see it.
struct GroupView: Encodable {
    /// The group's own adapter
    struct Adapter: Encodable {
        /// SHA-256 of its weights
        let id: String
        let created: String
        let bytes: Int
    }
    /// What the group's vectors are read with
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

/// A document as clients see it.
struct DocumentView: Encodable {
    let id: Int64
    let name: String
    let group: String
    let tokens: Int
    let bytes: Int
    let vectors: Int
    /// Whether it is compressed to its end
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

/// A question that the model has asked itself about a document.
struct QuestionView: Encodable {
    /// Of the passage, in UTF-8 bytes
    let start: Int
    let end: Int
    let kind: String
    let question: String
    let answer: String
    /// Why it is not learned from
    @Nullable var rejection: String?
}

/// A passage that was found.
struct PassageView: Encodable {
    let document: String
    let documentId: Int64
    /// In UTF-8 bytes of the document's text
    let start: Int
    let end: Int
    let score: Double
    let text: String

    init(_ passage: RetrievedPassage) {
        (document, documentId) = (passage.documentName, passage.document)
        (start, end, score, text) = (passage.start, passage.end, passage.score, passage.text)
    }
}

/// A job as clients see it.
struct JobView: Encodable {
    struct Progress: Encodable {
        let phase: JobEvent.Phase
        @Nullable var item: String?
        let done: Int
        let total: Int
        @Nullable var loss: Double?
    }

    let id: String
    let kind: Job.Kind
    let group: String
    let state: JobState
    let created: String
    @Nullable var started: String?
    @Nullable var ended: String?
    let files: [String]
    @Nullable var progress: Progress?
    @Nullable var error: String?

    init(_ job: Job, _ last: JobEvent?) {
        (id, kind, group, state, files) = (job.id, job.kind, job.group, job.state, job.files)
        created = job.created.formatted(.iso8601)
        started = job.started?.formatted(.iso8601)
        ended = job.ended?.formatted(.iso8601)
        error = job.error
        progress = last.map {
            Progress(
                phase: $0.phase ?? .tuning, item: $0.item, done: $0.done ?? $0.step ?? 0, total: $0.total ?? 0,
                loss: $0.loss)
        }
    }
}

/// A field that is null where there is no value, so that a reader finds every field.
@propertyWrapper
struct Nullable<Value: Encodable>: Encodable {
    private var value: Value?

    var wrappedValue: Value? {
        get { value }
        set { value = newValue }
    }

    init(wrappedValue: Value?) { value = wrappedValue }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}

extension Nullable: Sendable where Value: Sendable {}

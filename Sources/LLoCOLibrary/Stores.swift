public import Foundation
public import LLoCODocuments

// The storage interface, one protocol for each role. Every call is one atomic transaction. Keys (`Int64`) are assigned
// by the store and never reused after a removal. All calls throw `LibraryError`.

/// Stores groups, documents with their text, and the passages that texts are split into.
public protocol DocumentStore: Sendable {
    /// The store's name in messages: a file's path.
    var path: String { get }

    /// The names of all groups, in the order of creation.
    func groups() async throws -> [String]
    /// Deletes a group with its documents, adapters and training runs.
    func removeGroup(_ name: String) async throws

    /// The documents of a scope, in the order of addition.
    func documents(in scope: LibraryScope) async throws -> [DocumentRecord]
    /// The document with this key; nil if it was removed.
    func document(id: Int64) async throws -> DocumentRecord?
    /// The document with this name, or with this path if no name matches. The error lists the existing names.
    func document(named name: String) async throws -> DocumentRecord
    /// The document that was added from this path; nil if there is none.
    func document(atPath path: String) async throws -> DocumentRecord?
    /// The document that an entry of a question set is about, matched by the digest of its text, then by title, then by
    /// id. Documents of `group` are preferred.
    func document(for entry: QuestionDocument, in group: String) async throws -> DocumentRecord
    /// The full text of a document, checked against its digest.
    func text(of document: Int64) async throws -> String
    /// Adds a document or updates the document of this path, with its passages and the full-text index.
    func upsertDocument(
        path: String, name: String?, group: String?, text: String, tokenCount: Int, splitter: PassageSplitter
    ) async throws -> DocumentUpsert
    /// Deletes a document with its text, passages and vectors. Its group and the group's adapters stay.
    func removeDocument(_ document: Int64) async throws

    /// The passages of a document, in text order.
    func passages(of document: Int64) async throws -> [PassageRecord]
    /// Splits a stored document again. Passages with unchanged text keep their embeddings.
    func setPassages(of document: Int64, _ passages: [Range<Int>]) async throws
}

/// Stores the documents' vectors, one row per segment, under the identity that made them.
public protocol VectorStore: Sendable {
    /// The stored segments of a document with this identity, in order, complete or not.
    func segments(of document: Int64, identity: VectorIdentity) async throws -> [SegmentRecord]
    /// Appends a segment to a document.
    func appendSegment(_ segment: NewSegment, to document: Int64, identity: VectorIdentity) async throws
    /// Replaces the segments of a document from position `index` on.
    func replaceSegments(
        of document: Int64, identity: VectorIdentity, from index: Int, with segments: [NewSegment]
    ) async throws
    /// Marks a document's segments as covering its whole text.
    func markComplete(_ document: Int64, identity: VectorIdentity) async throws
    /// Whether the vectors of `identity` cover the whole current text of the document.
    func isComplete(_ document: Int64, identity: VectorIdentity) async throws -> Bool
    /// Throws if the vectors of `identity` do not cover the whole current text of the document.
    func checkCompressed(_ document: Int64, identity: VectorIdentity) async throws
    /// The vectors of a document's first `segments` segments, with digests and shapes checked. With nil, the vectors of
    /// all segments, which must be complete.
    func vectors(of document: Int64, identity: VectorIdentity, segments: Int?) async throws -> StoredVectors
    /// The compressions of the documents of a scope, ordered by document.
    func compressions(in scope: LibraryScope) async throws -> [CompressionRecord]

    /// A digest of a document's current vectors of `identity`. It changes whenever the vectors do.
    func vectorsDigest(of document: Int64, identity: VectorIdentity) async throws -> String
    /// Whether valid vectors of the document were tuned with an adapter.
    func hasTunedVectors(of document: Int64, with adapter: AdapterRecord) async throws -> Bool
    /// A document's vectors that were tuned with an adapter; nil if there are none, or if the document's vectors have
    /// changed since.
    func tunedVectors(of document: Int64, with adapter: AdapterRecord) async throws -> Data?
}

/// Stores the groups' adapters with their weights.
public protocol AdapterStore: Sendable {
    /// The adapters of a group, or of all groups, newest first.
    func adapters(of group: String?, identity: VectorIdentity?) async throws -> [AdapterRecord]
    /// An adapter's weights, checked against their digest; nil if they are damaged or were removed.
    func weights(of adapter: AdapterRecord) async throws -> Data?
    /// Stores an adapter as the newest of its group and identity.
    func saveAdapter(
        for group: String, identity: VectorIdentity, config: String, weights: Data, run: Int64?
    ) async throws -> AdapterRecord
    /// Deletes an adapter. If it was the newest, the previous one is used again.
    func removeAdapter(_ adapter: Int64) async throws
}

/// Stores the training runs of groups' adapters, with the state that an interrupted run resumes from.
public protocol RunStore: Sendable {
    /// The training runs of a group, or of all groups, newest first.
    func trainingRuns(of group: String?) async throws -> [TrainingRunRecord]
    /// The newest unfinished run with the same settings and data, which a repeated call resumes.
    func unfinishedRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String
    ) async throws -> TrainingRunRecord?
    /// Creates a run of `totalSteps` steps.
    func startRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String, totalSteps: Int
    ) async throws -> TrainingRunRecord
    /// Stores the state after `step` steps, with the losses since the last save.
    func saveRun(_ run: Int64, step: Int, state: Data, losses: [TrainingLoss]) async throws
    /// The last saved state, checked against its digest; nil before the first save.
    func runState(_ run: Int64) async throws -> Data?
    /// Finishes a run: stores its adapter and the vectors that were tuned with it, and deletes its state, in one
    /// transaction.
    func finishRun(
        _ run: Int64, losses: [TrainingLoss], config: String, weights: Data, tuned: [TunedVectors]
    ) async throws -> AdapterRecord
    /// Deletes a run with its state and losses. Its adapter stays.
    func removeRun(_ run: Int64) async throws
    /// The losses of a run up to the last saved step, by step.
    func losses(of run: Int64) async throws -> [TrainingLoss]
}

/// Stores self-study: the questions that a model wrote about passages, with their answers.
public protocol StudyStore: Sendable {
    /// The study items of a document's current passages, in text order. Passages that were not studied are omitted.
    func study(of document: Int64, by identity: StudyIdentity) async throws -> [StudiedPassage]
    /// The identities of a document's studies, newest last.
    func studies(of document: Int64) async throws -> [StudyIdentity]
    /// Stores the items of a passage. Earlier items of the same passage and identity are replaced.
    func saveStudy(_ items: [StudyItem], of passage: PassageRecord, by identity: StudyIdentity) async throws
}

/// Stores which language model documents are added with.
public protocol ModelStore: Sendable {
    /// The model that documents were last added with; nil before the first addition.
    func rememberedModel() async throws -> ModelRecord?
    /// Stores the model that documents are added with. Writes nothing if it is unchanged.
    func remember(_ model: ModelRecord) async throws
}

/// The index that ``Retriever`` searches: embeddings, full-text ranking, and the documents of a scope.
///
/// A search makes several calls. Each result names its ``LibraryRevision``, so that the search detects a change in
/// between. A passage can be added and removed, but the document, position and text of a key never change.
public protocol PassageIndex: Sendable {
    /// The store's name in messages: a file's path.
    var path: String { get }

    /// The passages of a document without an embedding by this embedder, in text order.
    func passagesWithoutEmbedding(of document: Int64, embedder: String) async throws -> [PassageRecord]
    /// Stores embeddings, float32. Passages that were removed in the meantime are skipped.
    func setEmbeddings(
        _ embeddings: [(passage: Int64, values: [Float])], embedder: String, dimension: Int
    ) async throws
    /// The embeddings of a scope as one matrix. Rows are ordered by document, then by position in the text.
    func embeddings(in scope: LibraryScope, embedder: String) async throws -> EmbeddingMatrix

    /// The current documents of a scope; throws if the group or a document does not exist.
    func coverage(of scope: LibraryScope) async throws -> ScopeCoverage
    /// The passages of a scope that match a query, ranked by BM25 over the whole library, then by key.
    func passages(
        matching query: KeywordQuery, in scope: LibraryScope, limit: Int
    ) async throws -> RankedPassages
    /// The passages with these keys, in the order of the keys. Removed passages are omitted.
    func passages(_ ids: [Int64]) async throws -> [PassageRecord]
    /// The names of documents by their keys. Removed documents are omitted.
    func names(ofDocuments ids: Set<Int64>) async throws -> [Int64: String]
}

/// A store that has all roles.
public typealias LibraryStore = DocumentStore & VectorStore & PassageIndex & AdapterStore & RunStore & StudyStore
    & ModelStore

/// The limit in bytes of one stored value: a segment's vectors, an adapter's weights, a run's state.
package let largestStoredValue = 1_000_000_000

public import Foundation
public import LLoCODocuments

// What the system asks of a store, a protocol a role. Every call is one transaction: it happens whole or not at all. Keys
// (`Int64`) are the store's own and are never used again after a document is removed. All calls throw `LibraryError`.

/// Groups, documents with their text, and the passages that a text is cut into.
public protocol DocumentStore: Sendable {
    /// What messages call the store: a file's path.
    var path: String { get }

    /// The names of all groups, in the order in which they were made.
    func groups() async throws -> [String]
    /// Deletes a group with its documents, adapters and training runs.
    func removeGroup(_ name: String) async throws

    /// The documents of a scope, in the order in which they were added.
    func documents(in scope: LibraryScope) async throws -> [DocumentRecord]
    /// The document with this key; nil where it is gone.
    func document(id: Int64) async throws -> DocumentRecord?
    /// The document of this name, or of this path where no name fits; an error lists the names there are.
    func document(named name: String) async throws -> DocumentRecord
    /// The document that was added from this path; nil where there is none.
    func document(atPath path: String) async throws -> DocumentRecord?
    /// The document that a question set's line is about: by its text's digest, else by its title or id, those of `group`
    /// first.
    func document(for entry: QuestionDocument, in group: String) async throws -> DocumentRecord
    /// The full text of a document, checked against its digest.
    func text(of document: Int64) async throws -> String
    /// Adds a document, or brings the one of this path up to date, with its passages and the full-text index.
    func upsertDocument(
        path: String, name: String?, group: String?, text: String, tokenCount: Int, splitter: PassageSplitter
    ) async throws -> DocumentUpsert
    /// Deletes a document with its text, passages and vectors. Its group stays, and so do the group's adapters.
    func removeDocument(_ document: Int64) async throws

    /// The passages of a document, in text order.
    func passages(of document: Int64) async throws -> [PassageRecord]
    /// Cuts a stored document anew; embeddings of passages whose text stays the same are kept.
    func setPassages(of document: Int64, _ passages: [Range<Int>]) async throws
}

/// Documents' compressed vectors, a segment a row, under the identity that made them.
public protocol VectorStore: Sendable {
    /// The stored segments of a document that `identity` made, in order, complete or not.
    func segments(of document: Int64, identity: VectorIdentity) async throws -> [SegmentRecord]
    /// Stores the next segment of a document.
    func appendSegment(_ segment: NewSegment, to document: Int64, identity: VectorIdentity) async throws
    /// Replaces the segments of a document from position `index` on.
    func replaceSegments(
        of document: Int64, identity: VectorIdentity, from index: Int, with segments: [NewSegment]
    ) async throws
    /// Declares that a document's segments cover all of its text.
    func markComplete(_ document: Int64, identity: VectorIdentity) async throws
    /// Whether vectors by `identity` cover all of the document's present text.
    func isComplete(_ document: Int64, identity: VectorIdentity) async throws -> Bool
    /// Throws where the document is not compressed by this identity to its end.
    func checkCompressed(_ document: Int64, identity: VectorIdentity) async throws
    /// The vectors of a document, its first `segments` segments or, with nil, all of a complete one; checked against their
    /// digests and shapes.
    func vectors(of document: Int64, identity: VectorIdentity, segments: Int?) async throws -> StoredVectors
    /// What compressors made of the documents of a scope, ordered by document.
    func compressions(in scope: LibraryScope) async throws -> [CompressionRecord]

    /// What tells a document's vectors by `identity` from those that it had before or will have.
    func vectorsDigest(of document: Int64, identity: VectorIdentity) async throws -> String
    /// Whether a document is read with vectors that were tuned with an adapter.
    func hasTunedVectors(of document: Int64, with adapter: AdapterRecord) async throws -> Bool
    /// A document's vectors as they were tuned with an adapter; nil where they were not, or where the document has other
    /// vectors now than they were tuned from.
    func tunedVectors(of document: Int64, with adapter: AdapterRecord) async throws -> Data?
}

/// Groups' adapters with their weights.
public protocol AdapterStore: Sendable {
    /// The adapters of a group, or of all groups, newest first.
    func adapters(of group: String?, identity: VectorIdentity?) async throws -> [AdapterRecord]
    /// An adapter's weights, checked against their digest; nil where they are damaged or gone.
    func weights(of adapter: AdapterRecord) async throws -> Data?
    /// Stores an adapter; it is the newest of its group and identity from then on.
    func saveAdapter(
        for group: String, identity: VectorIdentity, config: String, weights: Data, run: Int64?
    ) async throws -> AdapterRecord
    /// Deletes one adapter: the one before it counts again.
    func removeAdapter(_ adapter: Int64) async throws
}

/// Training runs of groups' adapters, with the state that an interrupted one goes on from.
public protocol RunStore: Sendable {
    /// The training runs of a group, or of all groups, newest first.
    func trainingRuns(of group: String?) async throws -> [TrainingRunRecord]
    /// The newest unfinished run that would compute the same thing: what a repeated call continues.
    func unfinishedRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String
    ) async throws -> TrainingRunRecord?
    /// Begins a run of `totalSteps` steps.
    func startRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String, totalSteps: Int
    ) async throws -> TrainingRunRecord
    /// Stores the state after `step` steps, with the losses since the last time.
    func saveRun(_ run: Int64, step: Int, state: Data, losses: [TrainingLoss]) async throws
    /// The state that was last saved, checked against its digest; nil before the first.
    func runState(_ run: Int64) async throws -> Data?
    /// Ends a run: its adapter and the vectors that were tuned with it are stored and its state dropped, in one
    /// transaction.
    func finishRun(
        _ run: Int64, losses: [TrainingLoss], config: String, weights: Data, tuned: [TunedVectors]
    ) async throws -> AdapterRecord
    /// Deletes a run with its state and losses; the adapter it made stays.
    func removeRun(_ run: Int64) async throws
    /// The losses of a run up to the last saved step, by step.
    func losses(of run: Int64) async throws -> [TrainingLoss]
}

/// What a model asked itself about passages.
public protocol StudyStore: Sendable {
    /// What was asked about the passages that a document has now, in text order; those that were not studied are not among
    /// them.
    func study(of document: Int64, by identity: StudyIdentity) async throws -> [StudiedPassage]
    /// What studies of a document there are, the newest last.
    func studies(of document: Int64) async throws -> [StudyIdentity]
    /// Stores what was asked about a passage; what the same study has stored of it before is replaced.
    func saveStudy(_ items: [StudyItem], of passage: PassageRecord, by identity: StudyIdentity) async throws
}

/// The model that documents are added with.
public protocol ModelStore: Sendable {
    /// The model that documents were last added with; nil before the first.
    func rememberedModel() async throws -> ModelRecord?
    /// Remembers a model in the place of the one before it. Nothing is written where that is the same.
    func remember(_ model: ModelRecord) async throws
}

/// Embeddings, full-text ranking and what a scope covers: what ``Retriever`` asks through.
///
/// A search asks several times. Answers name the ``LibraryRevision`` that they are of, so that it notices where the library
/// has changed in between. A passage of a key comes and goes; its document, place and text never change.
public protocol PassageIndex: Sendable {
    /// What messages call the store: a file's path.
    var path: String { get }

    /// The passages of a document that have no embedding by this embedder yet, in text order.
    func passagesWithoutEmbedding(of document: Int64, embedder: String) async throws -> [PassageRecord]
    /// Stores embeddings, float32. A passage that was removed meanwhile is passed over.
    func setEmbeddings(
        _ embeddings: [(passage: Int64, values: [Float])], embedder: String, dimension: Int
    ) async throws
    /// The embeddings of a scope as one matrix; rows are ordered by document, then by place in the text.
    func embeddings(in scope: LibraryScope, embedder: String) async throws -> EmbeddingMatrix

    /// The documents of a scope at this moment; throws where the group or a document does not exist.
    func coverage(of scope: LibraryScope) async throws -> ScopeCoverage
    /// The passages of a scope that have words of a query, by BM25 over the whole library, then by key.
    func passages(
        matching query: KeywordQuery, in scope: LibraryScope, limit: Int
    ) async throws -> RankedPassages
    /// The passages of these keys, in their order; those that are gone are not among them.
    func passages(_ ids: [Int64]) async throws -> [PassageRecord]
    /// The names of documents by their keys; those that are gone are not among them.
    func names(ofDocuments ids: Set<Int64>) async throws -> [Int64: String]
}

/// A store of all roles.
public typealias LibraryStore = DocumentStore & VectorStore & PassageIndex & AdapterStore & RunStore & StudyStore
    & ModelStore

/// The maximum bytes of one stored value: the vectors of a segment, an adapter's weights, a run's state.
package let largestStoredValue = 1_000_000_000

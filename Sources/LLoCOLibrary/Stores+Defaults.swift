public import Foundation
import LLoCODocuments

// The stores' methods with default arguments, which protocol requirements cannot have.

extension DocumentStore {
    /// All documents, in the order of addition.
    public func documents() async throws -> [DocumentRecord] { try await documents(in: .all) }

    /// Adds a document or updates the document of this path. The text is split into passages of the default size.
    ///
    /// - Parameters:
    ///   - name: the name of a new document; nil derives one from `path`.
    ///   - group: the document's group; nil keeps the group of an existing document and puts a new one into the default
    ///     group.
    public func upsertDocument(
        path: String, name: String? = nil, group: String? = nil, text: String, tokenCount: Int
    ) async throws -> DocumentUpsert {
        try await upsertDocument(
            path: path, name: name, group: group, text: text, tokenCount: tokenCount, splitter: PassageSplitter())
    }
}

extension VectorStore {
    /// Removes the segments of a document from position `index` on.
    public func replaceSegments(of document: Int64, identity: VectorIdentity, from index: Int) async throws {
        try await replaceSegments(of: document, identity: identity, from: index, with: [])
    }

    /// The vectors of a complete document, with digests and shapes checked.
    public func vectors(of document: Int64, identity: VectorIdentity) async throws -> StoredVectors {
        try await vectors(of: document, identity: identity, segments: nil)
    }

    /// The compressions of all documents, ordered by document.
    public func compressions() async throws -> [CompressionRecord] { try await compressions(in: .all) }
}

extension AdapterStore {
    /// The adapters of a group, or of all groups, for any identity, newest first.
    public func adapters(of group: String? = nil) async throws -> [AdapterRecord] {
        try await adapters(of: group, identity: nil)
    }

    /// Stores an adapter that was not made by a training run of this store.
    @discardableResult
    public func saveAdapter(
        for group: String, identity: VectorIdentity, config: String, weights: Data
    ) async throws -> AdapterRecord {
        try await saveAdapter(for: group, identity: identity, config: config, weights: weights, run: nil)
    }
}

extension RunStore {
    /// The training runs of all groups, newest first.
    public func trainingRuns() async throws -> [TrainingRunRecord] { try await trainingRuns(of: nil) }

    /// Finishes a run that tuned no vectors.
    @discardableResult
    public func finishRun(
        _ run: Int64, losses: [TrainingLoss] = [], config: String, weights: Data
    ) async throws -> AdapterRecord {
        try await finishRun(run, losses: losses, config: config, weights: weights, tuned: [])
    }
}

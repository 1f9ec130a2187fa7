public import Foundation
import LLoCODocuments

// The roles' calls with their defaults: a protocol's own requirements cannot have any.

extension DocumentStore {
    /// All documents, in the order in which they were added.
    public func documents() async throws -> [DocumentRecord] { try await documents(in: .all) }

    /// Adds a document, or brings the one of this path up to date, its text cut into passages of the default size.
    ///
    /// - Parameters:
    ///   - name: a name to give a new document; nil derives one from `path`.
    ///   - group: its group; nil leaves a known document where it is and puts a new one into the default group.
    public func upsertDocument(
        path: String, name: String? = nil, group: String? = nil, text: String, tokenCount: Int
    ) async throws -> DocumentUpsert {
        try await upsertDocument(
            path: path, name: name, group: group, text: text, tokenCount: tokenCount, splitter: PassageSplitter())
    }
}

extension VectorStore {
    /// Cuts the segments of a document to its first `index`.
    public func replaceSegments(of document: Int64, identity: VectorIdentity, from index: Int) async throws {
        try await replaceSegments(of: document, identity: identity, from: index, with: [])
    }

    /// The vectors of a complete document, checked against their digests and shapes.
    public func vectors(of document: Int64, identity: VectorIdentity) async throws -> StoredVectors {
        try await vectors(of: document, identity: identity, segments: nil)
    }

    /// What compressors made of all documents, ordered by document.
    public func compressions() async throws -> [CompressionRecord] { try await compressions(in: .all) }
}

extension AdapterStore {
    /// The adapters of a group, or of all groups, that are bound to any identity, newest first.
    public func adapters(of group: String? = nil) async throws -> [AdapterRecord] {
        try await adapters(of: group, identity: nil)
    }

    /// Stores an adapter that no training run of this store made.
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

    /// Ends a run that tuned no vectors.
    @discardableResult
    public func finishRun(
        _ run: Int64, losses: [TrainingLoss] = [], config: String, weights: Data
    ) async throws -> AdapterRecord {
        try await finishRun(run, losses: losses, config: config, weights: weights, tuned: [])
    }
}

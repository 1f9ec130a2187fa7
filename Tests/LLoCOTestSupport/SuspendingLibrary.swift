package import Foundation
package import LLoCODocuments
package import LLoCOLibrary
import Synchronization

/// A store over an SQLite library whose calls suspend before the answer, as those of a network store do.
package final class SuspendingLibrary: LibraryStore {
    package let base: SQLiteLibrary
    private let onCall: @Sendable (_ name: String, _ number: Int) throws -> Void
    private let counts = Mutex<[String: Int]>([:])

    /// A store over `base`.
    ///
    /// - Parameter onCall: called before each answer, with the call's name, such as `documents(in:)`, and its number
    ///   among the calls with that name, from 1
    package init(
        _ base: SQLiteLibrary, onCall: @escaping @Sendable (_ name: String, _ number: Int) throws -> Void = { _, _ in }
    ) {
        self.base = base
        self.onCall = onCall
    }

    package var path: String { base.path }

    /// The number of calls with a name.
    package func count(of name: String) -> Int { counts.withLock { $0[name] ?? 0 } }

    private func answer<Value>(
        _ name: String = #function, _ body: (SQLiteLibrary) throws -> Value
    ) async throws -> Value {
        let number = counts.withLock { counts in
            counts[name, default: 0] += 1
            return counts[name, default: 0]
        }
        await Task.yield()
        try onCall(name, number)
        let value = try body(base)
        await Task.yield()
        return value
    }
}

extension SuspendingLibrary {
    package func groups() async throws -> [String] { try await answer { try $0.groups() } }

    package func removeGroup(_ name: String) async throws { try await answer { try $0.removeGroup(name) } }

    package func documents(in scope: LibraryScope) async throws -> [DocumentRecord] {
        try await answer { try $0.documents(in: scope) }
    }

    package func document(id: Int64) async throws -> DocumentRecord? { try await answer { try $0.document(id: id) } }

    package func document(named name: String) async throws -> DocumentRecord {
        try await answer { try $0.document(named: name) }
    }

    package func document(atPath path: String) async throws -> DocumentRecord? {
        try await answer { try $0.document(atPath: path) }
    }

    package func document(for entry: QuestionDocument, in group: String) async throws -> DocumentRecord {
        try await answer { try $0.document(for: entry, in: group) }
    }

    package func text(of document: Int64) async throws -> String { try await answer { try $0.text(of: document) } }

    package func upsertDocument(
        path: String, name: String?, group: String?, text: String, tokenCount: Int, splitter: PassageSplitter
    ) async throws -> DocumentUpsert {
        try await answer {
            try $0.upsertDocument(
                path: path, name: name, group: group, text: text, tokenCount: tokenCount, splitter: splitter)
        }
    }

    package func removeDocument(_ document: Int64) async throws {
        try await answer { try $0.removeDocument(document) }
    }

    package func passages(of document: Int64) async throws -> [PassageRecord] {
        try await answer { try $0.passages(of: document) }
    }

    package func setPassages(of document: Int64, _ passages: [Range<Int>]) async throws {
        try await answer { try $0.setPassages(of: document, passages) }
    }
}

extension SuspendingLibrary {
    package func segments(of document: Int64, identity: VectorIdentity) async throws -> [SegmentRecord] {
        try await answer { try $0.segments(of: document, identity: identity) }
    }

    package func appendSegment(_ segment: NewSegment, to document: Int64, identity: VectorIdentity) async throws {
        try await answer { try $0.appendSegment(segment, to: document, identity: identity) }
    }

    package func replaceSegments(
        of document: Int64, identity: VectorIdentity, from index: Int, with segments: [NewSegment]
    ) async throws {
        try await answer { try $0.replaceSegments(of: document, identity: identity, from: index, with: segments) }
    }

    package func markComplete(_ document: Int64, identity: VectorIdentity) async throws {
        try await answer { try $0.markComplete(document, identity: identity) }
    }

    package func isComplete(_ document: Int64, identity: VectorIdentity) async throws -> Bool {
        try await answer { try $0.isComplete(document, identity: identity) }
    }

    package func checkCompressed(_ document: Int64, identity: VectorIdentity) async throws {
        try await answer { try $0.checkCompressed(document, identity: identity) }
    }

    package func vectors(of document: Int64, identity: VectorIdentity, segments: Int?) async throws -> StoredVectors {
        try await answer { try $0.vectors(of: document, identity: identity, segments: segments) }
    }

    package func compressions(in scope: LibraryScope) async throws -> [CompressionRecord] {
        try await answer { try $0.compressions(in: scope) }
    }

    package func vectorsDigest(of document: Int64, identity: VectorIdentity) async throws -> String {
        try await answer { try $0.vectorsDigest(of: document, identity: identity) }
    }

    package func hasTunedVectors(of document: Int64, with adapter: AdapterRecord) async throws -> Bool {
        try await answer { try $0.hasTunedVectors(of: document, with: adapter) }
    }

    package func tunedVectors(of document: Int64, with adapter: AdapterRecord) async throws -> Data? {
        try await answer { try $0.tunedVectors(of: document, with: adapter) }
    }
}

extension SuspendingLibrary {
    package func passagesWithoutEmbedding(of document: Int64, embedder: String) async throws -> [PassageRecord] {
        try await answer { try $0.passagesWithoutEmbedding(of: document, embedder: embedder) }
    }

    package func setEmbeddings(
        _ embeddings: [(passage: Int64, values: [Float])], embedder: String, dimension: Int
    ) async throws {
        try await answer { try $0.setEmbeddings(embeddings, embedder: embedder, dimension: dimension) }
    }

    package func embeddings(in scope: LibraryScope, embedder: String) async throws -> EmbeddingMatrix {
        try await answer { try $0.embeddings(in: scope, embedder: embedder) }
    }

    package func coverage(of scope: LibraryScope) async throws -> ScopeCoverage {
        try await answer { try $0.coverage(of: scope) }
    }

    package func passages(
        matching query: KeywordQuery, in scope: LibraryScope, limit: Int
    ) async throws -> RankedPassages {
        try await answer { try $0.passages(matching: query, in: scope, limit: limit) }
    }

    package func passages(_ ids: [Int64]) async throws -> [PassageRecord] { try await answer { try $0.passages(ids) } }

    package func names(ofDocuments ids: Set<Int64>) async throws -> [Int64: String] {
        try await answer { try $0.names(ofDocuments: ids) }
    }
}

extension SuspendingLibrary {
    package func adapters(of group: String?, identity: VectorIdentity?) async throws -> [AdapterRecord] {
        try await answer { try $0.adapters(of: group, identity: identity) }
    }

    package func weights(of adapter: AdapterRecord) async throws -> Data? {
        try await answer { try $0.weights(of: adapter) }
    }

    package func saveAdapter(
        for group: String, identity: VectorIdentity, config: String, weights: Data, run: Int64?
    ) async throws -> AdapterRecord {
        try await answer {
            try $0.saveAdapter(for: group, identity: identity, config: config, weights: weights, run: run)
        }
    }

    package func removeAdapter(_ adapter: Int64) async throws { try await answer { try $0.removeAdapter(adapter) } }

    package func trainingRuns(of group: String?) async throws -> [TrainingRunRecord] {
        try await answer { try $0.trainingRuns(of: group) }
    }

    package func unfinishedRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String
    ) async throws -> TrainingRunRecord? {
        try await answer {
            try $0.unfinishedRun(of: group, identity: identity, settings: settings, dataDigest: dataDigest)
        }
    }

    package func startRun(
        of group: String, identity: VectorIdentity, settings: String, dataDigest: String, totalSteps: Int
    ) async throws -> TrainingRunRecord {
        try await answer {
            try $0.startRun(
                of: group, identity: identity, settings: settings, dataDigest: dataDigest, totalSteps: totalSteps)
        }
    }

    package func saveRun(_ run: Int64, step: Int, state: Data, losses: [TrainingLoss]) async throws {
        try await answer { try $0.saveRun(run, step: step, state: state, losses: losses) }
    }

    package func runState(_ run: Int64) async throws -> Data? { try await answer { try $0.runState(run) } }

    package func finishRun(
        _ run: Int64, losses: [TrainingLoss], config: String, weights: Data, tuned: [TunedVectors]
    ) async throws -> AdapterRecord {
        try await answer {
            try $0.finishRun(run, losses: losses, config: config, weights: weights, tuned: tuned)
        }
    }

    package func removeRun(_ run: Int64) async throws { try await answer { try $0.removeRun(run) } }

    package func losses(of run: Int64) async throws -> [TrainingLoss] { try await answer { try $0.losses(of: run) } }

    package func rememberedModel() async throws -> ModelRecord? { try await answer { try $0.rememberedModel() } }

    package func remember(_ model: ModelRecord) async throws { try await answer { try $0.remember(model) } }

    package func study(of document: Int64, by identity: StudyIdentity) async throws -> [StudiedPassage] {
        try await answer { try $0.study(of: document, by: identity) }
    }

    package func studies(of document: Int64) async throws -> [StudyIdentity] {
        try await answer { try $0.studies(of: document) }
    }

    package func saveStudy(
        _ items: [StudyItem], of passage: PassageRecord, by identity: StudyIdentity
    ) async throws {
        try await answer { try $0.saveStudy(items, of: passage, by: identity) }
    }
}

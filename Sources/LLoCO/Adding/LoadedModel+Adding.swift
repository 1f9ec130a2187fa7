import Foundation
import LLoCOBase
public import LLoCOCompression
import LLoCODocuments
public import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// The outcome of adding a document.
public struct AddedDocument: Sendable {
    /// The document as it is stored now.
    public let document: DocumentRecord
    /// The tokens of the whole text.
    public let tokens: Int
    /// The vectors of the whole text.
    public let vectors: Int
    /// The tokens that this addition compressed; 0 if nothing had changed.
    public let compressedTokens: Int
    /// The previous group if the document moved to another; otherwise nil.
    public let movedFrom: String?
    /// The duration of the addition in seconds.
    public let seconds: Double
}

extension LoadedModel {
    /// Adds a document to a library: stores its text and passages, compresses it, embeds its passages.
    ///
    /// Segments with unchanged tokens are kept. So adding the same text again does nothing, a text that has grown costs
    /// only its new tail, and an interrupted addition resumes at the segment it stopped in.
    ///
    /// - Parameters:
    ///   - name: the document's name; by default derived from its path
    ///   - compressing: whether to make vectors, true by default; without vectors the document can be searched and its
    ///     text can be read
    ///   - embedding: whether to embed the passages, true by default; without it no retrieval model is needed
    ///   - progress: called with the number of compressed tokens and all tokens of the document
    /// - Throws: `EngineError` without a retrieval model, `ModelError` if the text is too long for the model's window,
    ///   `LibraryError`, `CancellationError`, and the errors of `progress`.
    @discardableResult
    public func add(
        text: String, path: String, name: String? = nil, group: String?, to library: any LibraryStore,
        compressing: Bool = true, embedding: Bool = true,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) async throws -> AddedDocument {
        let start = ContinuousClock.now
        // Without an embedder this throws before anything is stored.
        let embedder = try embedding ? self.embedder : nil
        let tokens = try languageModel.tokenizer.encodeWithOffsets(text, special: .asText)
        if compressing { try compressor.check(tokens: tokens.count, named: path) }
        let stored = try await library.upsertDocument(
            path: path, name: name, group: group, text: text, tokenCount: tokens.count, splitter: PassageSplitter())
        let document = stored.document.id
        if compressing { try await remember(in: library) }
        let compressed =
            compressing
            ? try await compress(tokens, byteCount: text.utf8.count, of: document, in: library, progress)
            : (tokens: 0, vectors: 0)
        if let embedder { try await library.embedPassages(of: document, with: embedder) }
        if compressing, try await !library.isComplete(document, identity: vectorIdentity) {
            try await library.markComplete(document, identity: vectorIdentity)
        }
        return AddedDocument(
            document: try await library.document(id: document) ?? stored.document, tokens: tokens.count,
            vectors: compressed.vectors, compressedTokens: compressed.tokens, movedFrom: stored.movedFrom,
            seconds: start.duration(to: .now).seconds)
    }

    /// Stores this model in the library as the default for later loads.
    private func remember(in library: any LibraryStore) async throws {
        let known = try await library.rememberedModel()
        if known?.identity == modelIdentity, known?.path == languageModel.path.standardizedFileURL.path { return }
        try await library.remember(Installation.record(of: languageModel.path, identity: modelIdentity))
    }

    /// Compresses the segments that are not stored. Returns the tokens compressed now and the vectors of the whole
    /// document.
    private func compress(
        _ tokens: [EncodedToken], byteCount: Int, of document: Int64, in library: any LibraryStore,
        _ progress: (_ done: Int, _ total: Int) throws -> Void
    ) async throws -> (tokens: Int, vectors: Int) {
        let identity = vectorIdentity
        let scheme = compressor.scheme
        let ids = tokens.map(\.id)
        let ranges = scheme.segments(of: ids.count)
        let bytes = scheme.bytes(of: tokens, byteCount: byteCount)
        let digests = ranges.map { Digest.sha256(tokens: ids[$0]) }
        let kept = zip(try await library.segments(of: document, identity: identity), zip(ranges, digests))
            .prefix { $0.tokens == $1.0 && $0.tokenDigest == $1.1 }.count
        let vectors = scheme.vectors(ofText: ids.count)
        if kept == ranges.count, try await library.isComplete(document, identity: identity) { return (0, vectors) }
        try await library.replaceSegments(of: document, identity: identity, from: kept, with: [])
        let before =
            kept == 0 ? nil : try await library.storedVectors(of: document, identity: identity, segments: kept)
        var run = try CompressionRun(compressor, after: before, rounding: .bfloat16)
        let resumed = kept == 0 ? 0 : ranges[kept - 1].upperBound
        try progress(resumed, ids.count)
        for index in kept..<ranges.count {
            let range = ranges[index]
            let compressed = try run.compress(Array(ids[range]))
            try await library.appendSegment(
                NewSegment(
                    tokens: range, bytes: bytes[index], tokenDigest: digests[index], vectorCount: compressed.count,
                    dimension: compressed.values.size(2), vectors: Data(compressed.values.to(.bfloat16).bytes()),
                    bias: compressed.bias.map { Data(try $0.to(device: .cpu).bytes()) }),
                to: document, identity: identity)
            try progress(range.upperBound, ids.count)
            try Task.checkCancellation()
            // Lets other tasks run on this thread.
            await Task.yield()
        }
        return (ids.count - resumed, vectors)
    }
}

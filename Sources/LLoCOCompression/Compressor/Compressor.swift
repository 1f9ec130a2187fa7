import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOModels
public import LLoCOTorch

/// A document's tokens to a few vectors that a model reads in their place, by a ``CompressionMethod``.
public struct Compressor: Sendable {
    /// The base model. It also reads the vectors.
    public let decoder: Llama
    /// The summary tokens' embeddings, [S, D]; [1, D] where they are picked, [0, D] where there are none
    public let embedSummary: Tensor
    /// What turns the base model into the compressor, on the model's device and in its dtype; none where the weights are
    /// the compressor's own. Vectors are often read without it.
    private let adapter: OnDemand<Adapter>?
    /// How texts are cut, and by which method segments become vectors
    public let scheme: CompressionScheme
    /// How its vectors are read.
    public let vectorReading: VectorReading

    /// - Parameter limit: ``VectorReading/unscaledVectorLimit`` of a method that scales: the vectors of a segment as the
    ///   compressor was trained or measured, whatever ratio is requested now; nil for the scheme's `summaryTokens`
    /// - Throws: `ModelError` where the summary embeddings or the adapter do not fit the model.
    public init(
        decoder: Llama, embedSummary: Tensor, adapter: Adapter?, scheme: CompressionScheme,
        unscaledVectorLimit limit: Int? = nil
    ) throws {
        try adapter?.check(fits: decoder.configuration)
        try self.init(
            decoder: decoder, embedSummary: embedSummary, loading: adapter.map { adapter in OnDemand { adapter } },
            scheme: scheme, unscaledVectorLimit: limit)
    }

    /// The same with an adapter that is loaded when it is first needed.
    init(
        decoder: Llama, embedSummary: Tensor, loading adapter: OnDemand<Adapter>?, scheme: CompressionScheme,
        unscaledVectorLimit limit: Int?
    ) throws {
        let shape = embedSummary.shape
        guard shape == [scheme.learnedRows, decoder.configuration.hiddenSize], scheme.summaryTokens > 0 else {
            throw ModelError(
                .invalid,
                "the compressor is of another model: summary embeddings of shape \(shape), "
                    + "expected [\(scheme.learnedRows), \(decoder.configuration.hiddenSize)]")
        }
        guard scheme.segmentTokens > 0 else {
            throw ModelError(.invalid, "a segment of \(scheme.segmentTokens) tokens, expected 1 or more")
        }
        self.decoder = decoder
        self.embedSummary = try embedSummary.to(decoder.dtype, device: decoder.device)
        self.adapter = adapter.map { adapter in
            OnDemand {
                let loaded = try adapter()
                try loaded.check(fits: decoder.configuration)
                return try loaded.frozen(as: decoder.dtype, device: decoder.device)
            }
        }
        self.scheme = scheme
        vectorReading = scheme.reading(unscaledVectorLimit: limit)
    }

    /// The compressor of a model that none was trained for: of every 1,536 tokens 50 are kept, in each head of each layer
    /// those that the text's own queries attend to most.
    ///
    /// - Parameter limit: as in the initializer
    public static func attended(
        for decoder: Llama, _ scheme: CompressionScheme = attendedScheme, unscaledVectorLimit limit: Int? = nil
    ) throws -> Compressor {
        try Compressor(
            decoder: decoder,
            embedSummary: scheme.segmentCompressor.freshEmbeddings(decoder, summaryTokens: scheme.summaryTokens),
            adapter: nil, scheme: scheme, unscaledVectorLimit: limit)
    }

    /// What ``attended(for:_:unscaledVectorLimit:)`` does by default: segments of 1,536 tokens, each for itself, become 50
    /// vectors each
    public static let attendedScheme = CompressionScheme(
        carry: .independent, method: .attended(AttendedKeysAndValues()))

    /// What identifies that compressor beside its model and its scheme; it changes where its vectors would.
    public static let attendedIdentity = Digest.sha256(Data("attended keys and values, 2".utf8))

    /// The positions that a compressor may use in any case: 80 segments of the published size. The published checkpoint
    /// compresses so beyond its decoder's own window (Tan et al. 2024).
    static let minimumWindow = 8192

    /// Refuses a text whose last segment would not fit behind the vectors of those before it.
    ///
    /// - Throws: `ModelError` naming the text.
    public func check(tokens count: Int, named name: String) throws {
        let segments = scheme.segments(of: count).count
        let before = scheme.carry == .independent ? 0 : scheme.carry == .newest ? 1 : max(0, segments - 1)
        let needed = (before + 1) * scheme.summaryTokens + min(count, scheme.segmentTokens)
        let window = decoder.configuration.maximumPositions
        guard needed <= max(window, Self.minimumWindow) else {
            throw ModelError(
                .doesNotFit,
                "\(name): \(count) tokens need \(needed) positions to compress, the model's window holds \(window): "
                    + "split the document, or use other segments")
        }
    }

    /// What is added to the decoder while it compresses.
    public var adapters: ActiveAdapters {
        get throws { ActiveAdapters(try adapter.map { [try $0()] } ?? []) }
    }

    /// The same where text is read that is compressed.
    public var textAdapters: ActiveAdapters {
        get throws { scheme.segmentCompressor.adapterScope.includesText ? try adapters : .none }
    }

    /// What is added to the decoder while it reads the vectors, besides a group's adapter.
    public var readingAdapters: ActiveAdapters {
        get throws { scheme.segmentCompressor.adapterScope.includesReading ? try adapters : .none }
    }

    /// The length of a vector: D, or that of a position's keys and values.
    public var vectorSize: Int { decoder.vectorSize(vectorReading.form) }

    /// No vectors of one text.
    public func noVectors() throws -> SegmentVectors { try SegmentVectors(rows: .zeros([0, vectorSize])) }

    /// The positions that come before what is read after documents' vectors; see `Llama.context`.
    public func context(_ vectors: SegmentVectors, adapters: ActiveAdapters) throws -> KeyValueCache {
        try decoder.context(vectors, reading: vectorReading, adapters: adapters)
    }

    /// What one pass reads of a question about documents: their vectors, n > 0 in the model's dtype, before `embeddings`
    /// [1, T, D], or those after `context`.
    public func reading(
        _ vectors: SegmentVectors, before embeddings: Tensor
    ) throws -> (embeddings: Tensor, context: KeyValueCache?) {
        try decoder.input(vectors, before: embeddings, reading: vectorReading)
    }

    /// Compresses a whole text: `ids` of n tokens to ``CompressionScheme/vectors(ofText:)`` vectors, float32.
    ///
    /// Whether the text fits the window is not asked: see ``check(tokens:named:)``.
    ///
    /// - Parameter progress: told after every segment how many tokens are done.
    /// - Throws: `ModelError` for an id outside the vocabulary, or vectors that are no numbers; `TorchError` where memory
    ///   does not suffice.
    public func compress(_ ids: [Int], progress: (Int) -> Void = { _ in }) throws -> SegmentVectors {
        var run = try CompressionRun(self)
        for range in scheme.segments(of: ids.count) {
            _ = try run.compress(Array(ids[range]))
            progress(range.upperBound)
        }
        return try run.vectors()
    }
}

import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOModels
public import LLoCOTorch

/// Compresses a document's tokens to a few vectors that replace them in a model's context, by a ``CompressionMethod``.
public struct Compressor: Sendable {
    /// The base model. It makes the vectors and attends to them.
    public let decoder: Llama
    /// The summary positions' embeddings, [S, D]; [1, D] if the method picks tokens, [0, D] without summary positions
    public let embedSummary: Tensor
    /// The compressor's LoRA, on the model's device and in its dtype; nil if the model compresses without one. Most
    /// methods turn it off when vectors are attended to.
    private let adapter: OnDemand<Adapter>?
    /// Segment sizes and the compression method
    public let scheme: CompressionScheme
    /// How a model attends to its vectors
    public let vectorReading: VectorReading

    /// Creates a compressor from loaded parts.
    ///
    /// - Parameter limit: ``VectorReading/unscaledVectorLimit`` if the method scales: vectors per segment as trained or
    ///   measured, independent of the ratio in use; nil for the scheme's `summaryTokens`
    /// - Throws: `ModelError` if the summary embeddings or the adapter do not fit the model.
    public init(
        decoder: Llama, embedSummary: Tensor, adapter: Adapter?, scheme: CompressionScheme,
        unscaledVectorLimit limit: Int? = nil
    ) throws {
        try adapter?.check(fits: decoder.configuration)
        try self.init(
            decoder: decoder, embedSummary: embedSummary, loading: adapter.map { adapter in OnDemand { adapter } },
            scheme: scheme, unscaledVectorLimit: limit)
    }

    /// Creates a compressor whose adapter is loaded at first use.
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

    /// A compressor for a model without a trained one: it keeps 50 of every 1,536 tokens, in each head of each layer
    /// those that the text's queries attend to most.
    ///
    /// - Parameter limit: as in the initializer
    public static func attended(
        for decoder: Llama, _ scheme: CompressionScheme = attendedScheme, unscaledVectorLimit limit: Int? = nil
    ) throws -> Compressor {
        try Compressor(
            decoder: decoder,
            embedSummary: scheme.segmentCompressor.initialEmbeddings(decoder, summaryTokens: scheme.summaryTokens),
            adapter: nil, scheme: scheme, unscaledVectorLimit: limit)
    }

    /// The default scheme of ``attended(for:_:unscaledVectorLimit:)``: independent segments of 1,536 tokens, 50 vectors
    /// each.
    public static let attendedScheme = CompressionScheme(
        carry: .independent, method: .attended(AttendedKeysAndValues()))

    /// The identity of ``attended(for:_:unscaledVectorLimit:)``. Change it with every change that alters its vectors.
    public static let attendedIdentity = Digest.sha256(Data("attended keys and values, 2".utf8))

    /// A compressor may use this many positions even with a smaller model window: 80 segments of the published size.
    /// The published checkpoint also compresses beyond its decoder's window (Tan et al. 2024).
    static let minimumWindow = 8192

    /// Checks that a text's last segment fits behind the vectors of the earlier segments.
    ///
    /// - Throws: `ModelError` with the text's name.
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

    /// The adapters that are active while the decoder compresses.
    public var adapters: ActiveAdapters {
        get throws { ActiveAdapters(try adapter.map { [try $0()] } ?? []) }
    }

    /// The adapters that are active at the positions of the compressed text.
    public var textAdapters: ActiveAdapters {
        get throws { scheme.segmentCompressor.adapterScope.includesText ? try adapters : .none }
    }

    /// The compressor's adapters that stay active while the decoder attends to vectors, besides a group's adapter.
    public var readingAdapters: ActiveAdapters {
        get throws { scheme.segmentCompressor.adapterScope.includesReading ? try adapters : .none }
    }

    /// The length of a vector: D, or the size of one position's keys and values.
    public var vectorSize: Int { decoder.vectorSize(vectorReading.form) }

    /// Empty vectors of one text, [1, 0, ``vectorSize``].
    public func noVectors() throws -> SegmentVectors { try SegmentVectors(rows: .zeros([0, vectorSize])) }

    /// A key-value cache that holds documents' vectors; see `Llama.context`.
    public func context(_ vectors: SegmentVectors, adapters: ActiveAdapters) throws -> KeyValueCache {
        try decoder.context(vectors, reading: vectorReading, adapters: adapters)
    }

    /// The input of one forward pass over documents' vectors (n > 0, in the model's dtype) and `embeddings` [1, T, D].
    /// Vectors that are input embeddings are prepended to `embeddings`; keys and values are returned as `context`.
    public func reading(
        _ vectors: SegmentVectors, before embeddings: Tensor
    ) throws -> (embeddings: Tensor, context: KeyValueCache?) {
        try decoder.input(vectors, before: embeddings, reading: vectorReading)
    }

    /// Compresses a whole text: `ids` of n tokens to ``CompressionScheme/vectors(ofText:)`` vectors, float32.
    ///
    /// It does not check that the text fits the window: see ``check(tokens:named:)``.
    ///
    /// - Parameter progress: called after every segment with the number of tokens compressed so far
    /// - Throws: `ModelError` for an id outside the vocabulary or non-finite vectors; `TorchError` if memory runs out.
    public func compress(_ ids: [Int], progress: (Int) -> Void = { _ in }) throws -> SegmentVectors {
        var run = try CompressionRun(self)
        for range in scheme.segments(of: ids.count) {
            _ = try run.compress(Array(ids[range]))
            progress(range.upperBound)
        }
        return try run.vectors()
    }
}

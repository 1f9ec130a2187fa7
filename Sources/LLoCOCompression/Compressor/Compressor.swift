import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOModels
public import LLoCOTorch

/// A document's tokens to a few vectors that a model reads in their place.
///
/// The published way is the AutoCompressor's (Chevalier et al. 2023):
///
///     prefix = []                                        // [0, D]
///     for x in split(tokens, segmentTokens):
///         h = norm(layers([prefix ; E(x) ; summary]))    // causal, positions from 0
///         prefix = [prefix ; h[last S]]
///
/// where a vector is a hidden state after the final norm, fed back as an input embedding as it is. ``CompressionScheme``
/// says which other ways there are.
public struct Compressor: Sendable {
    public let decoder: Llama
    /// The summary tokens' embeddings, [S, D]; [1, D] where they are picked, [0, D] where there are none
    public let embedSummary: Tensor
    /// What turns the base model into the compressor; none where the weights are the compressor's own.
    public let adapter: Adapter?
    public let scheme: CompressionScheme

    /// - Throws: `ModelError` where the summary embeddings or the adapter do not fit the model.
    public init(decoder: Llama, embedSummary: Tensor, adapter: Adapter?, scheme: CompressionScheme) throws {
        let shape = embedSummary.shape
        guard shape == [scheme.learnedRows, decoder.configuration.hiddenSize], scheme.summaryTokens > 0 else {
            throw ModelError(
                .invalid,
                "the compressor is of another model: summary embeddings of shape \(shape), "
                    + "expected [\(scheme.learnedRows), \(decoder.configuration.hiddenSize)]")
        }
        if let contradiction = scheme.contradiction { throw ModelError(.invalid, "the compressor: \(contradiction)") }
        guard scheme.segmentTokens > 0 else {
            throw ModelError(.invalid, "a segment of \(scheme.segmentTokens) tokens, expected 1 or more")
        }
        try adapter?.check(fits: decoder.configuration)
        self.decoder = decoder
        self.embedSummary = try embedSummary.to(decoder.dtype, device: decoder.device)
        self.adapter = try adapter?.frozen(as: decoder.dtype, device: decoder.device)
        self.scheme = scheme
    }

    /// The compressor of a model that none was trained for: of every 1,536 tokens 50 are kept, in each head of each layer
    /// those that the text's own queries attend to most.
    public static func attended(
        for decoder: Llama, _ scheme: CompressionScheme = attendedScheme
    ) throws -> Compressor {
        try Compressor(
            decoder: decoder, embedSummary: .zeros([scheme.learnedRows, decoder.configuration.hiddenSize]),
            adapter: nil, scheme: scheme)
    }

    public static let attendedScheme = CompressionScheme(
        carry: .independent, form: .keysAndValues, summaryInput: .attended, adapterScope: .summaries)

    /// What identifies that compressor beside its model and its scheme; it changes where its vectors would.
    public static let attendedIdentity = Digest.sha256(Data("attended keys and values, 2".utf8))

    /// The positions that a compressor may use in any case: 80 segments of the published size. The published checkpoint
    /// compresses so beyond its decoder's own window (Tan et al. 2024).
    static let leastWindow = 8192

    /// Refuses a text whose last segment would not fit behind the vectors of those before it.
    ///
    /// - Throws: `ModelError` naming the text.
    public func check(tokens count: Int, named name: String) throws {
        let segments = scheme.segments(of: count).count
        let before = scheme.carry == .independent ? 0 : scheme.carry == .newest ? 1 : max(0, segments - 1)
        let needed = (before + 1) * scheme.summaryTokens + min(count, scheme.segmentTokens)
        let window = decoder.configuration.maximumPositions
        guard needed <= max(window, Self.leastWindow) else {
            throw ModelError(
                .doesNotFit,
                "\(name): \(count) tokens need \(needed) positions to compress, the model's window holds \(window): "
                    + "split the document, or use other segments")
        }
    }

    /// What is added to the decoder while it compresses.
    public var adapters: ActiveAdapters { ActiveAdapters(adapter.map { [$0] } ?? []) }

    /// What is added to the decoder while it reads the vectors, besides a group's adapter.
    public var readingAdapters: ActiveAdapters { scheme.adapterScope == .everywhere ? adapters : .none }

    /// The length of a vector: D, or that of a position's keys and values.
    public var vectorSize: Int {
        scheme.form == .embeddings ? decoder.configuration.hiddenSize : decoder.keyValueSize
    }

    /// The positions that come before what is read after documents' vectors [n, vectorSize]; see `Llama.context`.
    public func context(_ vectors: Tensor, adapters: ActiveAdapters) throws -> KeyValueCache {
        try decoder.context(vectors.unsqueezed(0), scheme: scheme, adapters: adapters)
    }

    /// What one pass reads of a question about documents: their vectors [n > 0, vectorSize], in the model's dtype, before
    /// `embeddings` [1, T, D], or those after `context`.
    public func reading(
        _ vectors: Tensor, before embeddings: Tensor
    ) throws -> (embeddings: Tensor, context: KeyValueCache?) {
        try decoder.reading(vectors, before: embeddings, scheme: scheme)
    }

    /// Compresses a whole text: `ids` of n tokens to vectors [``CompressionScheme/vectors(ofText:)``, vectorSize], float32.
    ///
    /// Whether the text fits the window is not asked: see ``check(tokens:named:)``.
    ///
    /// - Parameter progress: told after every segment how many tokens are done.
    /// - Throws: `ModelError` for an id outside the vocabulary, or vectors that are no numbers; `TorchError` where memory
    ///   does not suffice.
    public func compress(_ ids: [Int], progress: (Int) -> Void = { _ in }) throws -> Tensor {
        var run = try CompressionRun(self)
        for range in scheme.segments(of: ids.count) {
            _ = try run.compress(Array(ids[range]))
            progress(range.upperBound)
        }
        return try run.vectors()
    }
}

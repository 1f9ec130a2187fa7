public import LLoCOTorch

/// Decoding of one sequence, token by token: a ``DecodeBatch`` of one.
///
///     let session = try DecodeSession(model, cache: cache, weights: .lossless)
///     let logits = try session.step(token)    // [V]
public final class DecodeSession {
    private let batch: DecodeBatch
    private let sequence: DecodeBatch.Sequence

    /// Creates a session that continues a cache.
    ///
    /// - Parameters:
    ///   - cache: the cached positions of one sequence; steps append to them. Nothing else may append meanwhile.
    ///   - adapters: applied without dropout
    ///   - weights: the quantized copy to use, created at first use and kept by the model; nil for the model's weights
    ///   - expecting: the expected number of steps, 0 by default; rotary angles for them are computed in advance
    /// - Throws: `TorchError` if a weight is not finite or too large to be quantized, or memory runs out.
    public init(
        _ model: Llama, cache: KeyValueCache, adapters: ActiveAdapters = .none, weights: QuantizedWeight.Bits?,
        expecting: Int = 0
    ) throws {
        batch = try DecodeBatch(model, weights: weights)
        sequence = try batch.sequence(continuing: cache, adapters: adapters, expecting: expecting)
    }

    /// Whether the steps use quantized weights.
    public var isQuantized: Bool { batch.isQuantized }

    /// Runs a step and returns the next token's logits [V]. With quantized weights the next step overwrites them.
    /// - Throws: `ModelError` for an id outside the vocabulary.
    public func step(_ token: Int) throws -> Tensor { try batch.step([(sequence, token)])[0] }
}

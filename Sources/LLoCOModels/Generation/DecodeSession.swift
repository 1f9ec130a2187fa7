public import LLoCOTorch

/// Continues one sequence token by token: a ``DecodeBatch`` of one.
///
///     let session = try DecodeSession(model, cache: cache, weights: .lossless)
///     let logits = try session.step(token)    // [V]
public final class DecodeSession {
    private let batch: DecodeBatch
    private let sequence: DecodeBatch.Sequence

    /// - Parameters:
    ///   - cache: the positions before, of one sequence; the steps' are added to it. Nobody else adds to it meanwhile.
    ///   - adapters: for use only: they are added as they are, without dropout
    ///   - weights: the quantized copy that is used, made at its first use and kept by the model; nil for the model's own
    ///   - expecting: how many steps there will be, as far as it is known, 0 by default: what they all read is made now
    /// - Throws: `TorchError` where a weight is not finite or too large to be quantized, or memory does not suffice.
    public init(
        _ model: Llama, cache: KeyValueCache, adapters: ActiveAdapters = .none, weights: QuantizedWeight.Bits?,
        expecting: Int = 0
    ) throws {
        batch = try DecodeBatch(model, weights: weights)
        sequence = try batch.sequence(continuing: cache, adapters: adapters, expecting: expecting)
    }

    /// Whether the steps use quantized weights.
    public var isQuantized: Bool { batch.isQuantized }

    /// The scores [V] of what follows a token; with quantized weights they are overwritten by the next step.
    /// - Throws: `ModelError` for an id outside the vocabulary.
    public func step(_ token: Int) throws -> Tensor { try batch.step([(sequence, token)])[0] }
}

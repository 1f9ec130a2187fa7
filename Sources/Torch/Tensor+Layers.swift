internal import CTorch

extension Tensor {
    /// Matrix product; leading dimensions are batches and broadcast.
    public func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_matmul(handle, other.handle, $0) }
    }

    /// self · weightᵀ + bias; self [..., in], weight [out, in], bias [out].
    public func linear(_ weight: Tensor, bias: Tensor? = nil) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_linear(handle, weight.handle, bias?.handle, $0) }
    }

    /// Rows of self [V, D] at `ids` (int64 or int32, any shape): ids' shape + [D].
    public func embedding(_ ids: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_embedding(handle, ids.handle, $0) }
    }

    /// self / sqrt(mean(self²) + epsilon) · weight over the last dimension (Zhang and Sennrich 2019).
    public func rmsNorm(_ weight: Tensor, epsilon: Double) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_rms_norm(handle, weight.handle, epsilon, $0) }
    }

    /// (self - mean) / sqrt(variance + epsilon) · weight + bias over the last dimension.
    public func layerNorm(_ weight: Tensor, bias: Tensor, epsilon: Double) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_layer_norm(handle, weight.handle, bias.handle, epsilon, $0) }
    }

    public func softmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_softmax(handle, Int64(dimension), $0) }
    }

    public func logSoftmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_log_softmax(handle, Int64(dimension), $0) }
    }

    /// Zeroes elements with the given probability and scales the others by 1 / (1 - probability).
    public func dropout(_ probability: Double) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_dropout(handle, probability, $0) }
    }

    /// Rotary position embedding (Su et al. 2021) in the half-split layout of Hugging Face's Llama: pairs are
    /// (i, i + E/2). self [B, H, T, E]; cosine and sine [T, E/2] or [B, 1, T, E/2], of self's dtype.
    public func rotary(cosine: Tensor, sine: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_rotary(handle, cosine.handle, sine.handle, $0) }
    }

    /// softmax(q · kᵀ · scale + mask) · v with grouped heads.
    ///
    /// - Parameters:
    ///   - query: [B, H, T, E]
    ///   - keys: pieces that follow each other, [B or 1, K, S_i, E] each, with H a multiple of K; S is their sum. A piece
    ///     of batch 1 is shared by all sequences.
    ///   - values: pieces of the keys' shapes
    ///   - mask: broadcastable to [B, H, T, S]; boolean (true = attend) or of the query's dtype (added)
    ///   - causal: query t sees keys 0...S - T + t, the last T keys being the queries' own; only without a mask
    ///   - scale: by default 1 / sqrt(E)
    /// - Returns: [B, H, T, E], in memory [B, T, H, E], so that joining the heads of a position copies nothing
    public static func attention(
        query: Tensor, keys: [Tensor], values: [Tensor], mask: Tensor? = nil, causal: Bool = false,
        scale: Double? = nil
    ) throws(TorchError) -> Tensor {
        guard keys.count == values.count else {
            throw TorchError("attention: \(keys.count) pieces of keys, \(values.count) of values")
        }
        let scale = scale ?? 1 / Double(query.shape.last ?? 1).squareRoot()
        return try make { out in
            keys.withHandles { keys, count in
                values.withHandles { values, _ in
                    ctorch_attention(query.handle, keys, values, count, mask?.handle, causal, scale, out)
                }
            }
        }
    }

    /// The same for keys and values in one piece, [B, K, S, E] each.
    public static func attention(
        query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Double? = nil
    ) throws(TorchError) -> Tensor {
        try attention(query: query, keys: [key], values: [value], mask: mask, causal: causal, scale: scale)
    }

    public enum Reduction: Sendable { case mean, sum }

    /// -log softmax(self)[target] over rows; self [N, V] (float32 or better inside), targets [N] int64. Rows whose
    /// target is `ignoring` do not count.
    public func crossEntropy(
        _ targets: Tensor, reduction: Reduction = .mean, ignoring: Int = -100
    ) throws(TorchError) -> Tensor {
        try Tensor.make {
            ctorch_cross_entropy(handle, targets.handle, Int64(ignoring), reduction == .sum, $0)
        }
    }
}

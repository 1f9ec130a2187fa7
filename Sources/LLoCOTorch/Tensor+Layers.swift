internal import CLLoCOTorch

extension Tensor {
    /// The matrix product; leading dimensions are batches and broadcast.
    public func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_matmul(handle, other.handle, $0) }
    }

    /// self · weightᵀ + bias; self [..., in], weight [out, in], bias [out].
    public func linear(_ weight: Tensor, bias: Tensor? = nil) throws(TorchError) -> Tensor {
        try linear(.dense(weight), bias: bias)
    }

    /// self · weightᵀ + bias, with a weight that may be in a file. Then self is float32 or bfloat16 on the CPU, and the
    /// bias gets no gradient.
    public func linear(_ weight: LinearWeight, bias: Tensor? = nil) throws(TorchError) -> Tensor {
        try Tensor.make { out in
            withExtendedLifetime(weight) { ctorch_linear(handle, weight.argument, bias?.handle, out) }
        }
    }

    /// An adapter's contribution to rows of a linear layer's weight: y[..., start ..< start + n] += scale · drop(x) ·
    /// aᵀ · bᵀ.
    public struct LowRankPart: Sendable {
        /// [r, in], float32 or bfloat16
        public let a: Tensor
        /// [n, r], float32 or bfloat16
        public let b: Tensor
        /// The first of the n output elements to which the part is added; start + n is at most out.
        public let start: Int
        /// The factor of the product, alpha / r in a LoRA adapter.
        public let scale: Double
        /// The probability, 0 ..< 1, of dropping an input element; parts of one call share one random draw.
        public let dropout: Double

        /// Creates a part of rank r. ``Tensor/linear(_:bias:adding:)`` checks the shapes.
        public init(a: Tensor, b: Tensor, start: Int, scale: Double, dropout: Double) {
            self.a = a
            self.b = b
            self.start = start
            self.scale = scale
            self.dropout = dropout
        }
    }

    /// self · weightᵀ + bias plus the adapters' parts, which are computed in float32 whatever self's dtype; self
    /// [..., in], weight [out, in], bias [out]. Gradients reach self and the parts, not the weight. If the bias is
    /// trained too, the layer is composed of libtorch's operations in self's dtype.
    ///
    /// - Throws: `TorchError` if a part's matrices do not fit the weight, or a dropout is outside 0 ..< 1.
    public func linear(
        _ weight: Tensor, bias: Tensor? = nil, adding parts: [LowRankPart]
    ) throws(TorchError) -> Tensor {
        try linear(.dense(weight), bias: bias, adding: parts)
    }

    /// self · weightᵀ + bias plus the adapters' parts, with a weight that may be in a file, as for ``linear(_:bias:)``.
    public func linear(
        _ weight: LinearWeight, bias: Tensor? = nil, adding parts: [LowRankPart]
    ) throws(TorchError) -> Tensor {
        let handles = parts.map {
            ctorch_lora_part(
                a: $0.a.handle, b: $0.b.handle, start: Int64($0.start), scale: $0.scale, dropout: $0.dropout)
        }
        return try Tensor.make { out in
            withExtendedLifetime((weight, parts)) {
                ctorch_linear_lora(handle, weight.argument, bias?.handle, handles, handles.count, out)
            }
        }
    }

    /// Rows of self [V, D] at `ids` (int64 or int32, any shape): ids' shape + [D].
    public func embedding(_ ids: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_embedding(handle, ids.handle, $0) }
    }

    /// self / sqrt(mean(self²) + epsilon) · weight over the last dimension (Zhang and Sennrich 2019).
    public func rmsNorm(_ weight: Tensor, epsilon: Double) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_rms_norm(handle, weight.handle, epsilon, $0) }
    }

    /// The sum of self and `other` (of one shape and dtype), and the sum's RMS norm.
    public func rmsNorm(
        adding other: Tensor, _ weight: Tensor, epsilon: Double
    ) throws(TorchError) -> (sum: Tensor, normed: Tensor) {
        var sum: OpaquePointer?
        var normed: OpaquePointer?
        try check(ctorch_add_rms_norm(handle, other.handle, weight.handle, epsilon, &sum, &normed))
        return (Tensor(handle: sum!), Tensor(handle: normed!))
    }

    /// (self - mean) / sqrt(variance + epsilon) · weight + bias over the last dimension.
    public func layerNorm(_ weight: Tensor, bias: Tensor, epsilon: Double) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_layer_norm(handle, weight.handle, bias.handle, epsilon, $0) }
    }

    /// e^x / Σ e^x along `dimension`: of self's shape and floating-point dtype.
    public func softmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_softmax(handle, Int64(dimension), $0) }
    }

    /// The logarithm of ``softmax(_:)``, without underflow: of self's shape and floating-point dtype.
    public func logSoftmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_log_softmax(handle, Int64(dimension), $0) }
    }

    /// Zeroes elements with a probability and scales the others by 1 / (1 - probability).
    public func dropout(_ probability: Double) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_dropout(handle, probability, $0) }
    }

    /// Rotary position embedding (Su et al. 2021) in the half-split layout of Hugging Face's Llama: pairs are
    /// (i, i + R/2) of the first R ≤ E elements, the others are unchanged. self [B, H, T, E]; cosine and sine [T, R/2]
    /// or [B, 1, T, R/2], rounded to self's dtype.
    public func rotary(cosine: Tensor, sine: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_rotary(handle, cosine.handle, sine.handle, $0) }
    }

    /// Splits a merged projection into heads and rotates queries and keys as ``rotary(cosine:sine:)`` does.
    ///
    /// Self [B, T, (heads + 2 · groups) · E] holds the query heads, then the key and the value heads. Do not use self
    /// afterwards: if no gradient is recorded, it is rotated in place.
    ///
    /// - Parameters:
    ///   - cosine: [T, R/2] or [B, 1, T, R/2], float32 whatever self's dtype; `sine` likewise
    ///   - heads: number of query heads
    ///   - groups: number of key heads, and of value heads
    /// - Returns: queries [B, heads, T, E], keys and values [B, groups, T, E], views of one tensor
    public func rotaryHeads(
        cosine: Tensor, sine: Tensor, heads: Int, groups: Int
    ) throws(TorchError) -> (query: Tensor, key: Tensor, value: Tensor) {
        var (query, key, value): (OpaquePointer?, OpaquePointer?, OpaquePointer?)
        try check(
            ctorch_rotary_heads(
                handle, cosine.handle, sine.handle, Int64(heads), Int64(groups), &query, &key, &value))
        return (Tensor(handle: query!), Tensor(handle: key!), Tensor(handle: value!))
    }

    /// silu(gate) · up (Shazeer 2020); self [..., 2 · I] holds the gate, then up: [..., I].
    public func swiGLU() throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_swiglu(handle, $0) }
    }

    /// gelu(gate) · up with GELU's tanh approximation; self [..., 2 · I] holds the gate, then up: [..., I].
    public func geGLU() throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_geglu(handle, $0) }
    }

    /// softmax(q · kᵀ · scale + mask) · v with grouped heads.
    ///
    /// - Parameters:
    ///   - query: [B, H, T, E]
    ///   - keys: consecutive pieces [B or 1, K, S_i, E], H a multiple of K; S is the sum of S_i. All sequences share a
    ///     piece of batch 1.
    ///   - values: pieces of the keys' shapes
    ///   - logWeights: one number per piece, added to the scores of its keys, which scales their weights by
    ///     e^logWeight; nil for none
    ///   - biases: per piece [B or 1, K, S_i], float32, added to the scores per key and head; nil for a piece without
    ///     one, empty for none. A bias of -infinity masks the key for its head; key and value may then be any finite
    ///     numbers.
    ///   - mask: broadcastable to [B, H, T, S]; boolean (true = attend) or of the query's dtype (added)
    ///   - causal: query t attends to keys 0...S - T + t, the last T keys being at the queries' positions; only without
    ///     a mask
    ///   - scale: 1 / sqrt(E) by default; positive if `causal`
    /// - Returns: [B, H, T, E], in memory [B, T, H, E], so that merging a position's heads needs no copy
    public static func attention(
        query: Tensor, keys: [Tensor], values: [Tensor], logWeights: [Double]? = nil, biases: [Tensor?] = [],
        mask: Tensor? = nil, causal: Bool = false, scale: Double? = nil
    ) throws(TorchError) -> Tensor {
        let scale = scale ?? 1 / Double(query.shape.last ?? 1).squareRoot()
        var out: OpaquePointer?
        try check(
            withPieces(keys, values, logWeights, biases) { keys, values, logWeights, biases, count in
                ctorch_attention(
                    query.handle, keys, values, logWeights, biases, count, mask?.handle, causal, scale, &out)
            })
        guard let out else { throw TorchError("libtorch returned no tensor") }
        return Tensor(handle: out)
    }

    /// Attention over keys and values in one piece, [B, K, S, E] each.
    public static func attention(
        query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Double? = nil
    ) throws(TorchError) -> Tensor {
        try attention(query: query, keys: [key], values: [value], mask: mask, causal: causal, scale: scale)
    }

    /// How the rows' losses become a scalar, in nats: the mean or the sum over rows that are not ignored.
    public enum Reduction: Sendable { case mean, sum }

    /// The cross-entropy -log softmax(self)[target] over rows; self [N, V], computed in float32 or better, targets [N]
    /// int64. Rows whose target is `ignoring` are ignored.
    public func crossEntropy(
        _ targets: Tensor, reduction: Reduction = .mean, ignoring: Int = -100
    ) throws(TorchError) -> Tensor {
        try Tensor.make {
            ctorch_cross_entropy(handle, targets.handle, Int64(ignoring), reduction == .sum, $0)
        }
    }

    /// The cross-entropy Σ share · -log softmax(self · weightᵀ)[target] over rows and their targets. It computes the
    /// logits of a few rows at a time, never all [N, V].
    ///
    /// - Parameters:
    ///   - weight: [V, D]; self is [N, D]
    ///   - targets: [N] int64, or with shares [N, K], distinct within a row, K at most 128
    ///   - shares: [N, K], the weight of each target; nil for one target of weight 1 per row
    /// - Returns: the sum in nats; not finite if a logit is not
    public func linearCrossEntropy(
        _ weight: LinearWeight, _ targets: Tensor, shares: Tensor? = nil
    ) throws(TorchError) -> Double {
        var sum = 0.0
        try check(
            withExtendedLifetime(weight) {
                ctorch_linear_cross_entropy(handle, weight.argument, targets.handle, shares?.handle, 1, &sum, nil)
            })
        return sum
    }

    /// The same cross-entropy, and the gradient of scale · sum with respect to self: [N, D] in self's dtype.
    public func linearCrossEntropy(
        _ weight: LinearWeight, _ targets: Tensor, shares: Tensor? = nil, gradientScale scale: Double
    ) throws(TorchError) -> (sum: Double, gradient: Tensor) {
        var sum = 0.0
        var gradient: OpaquePointer?
        try check(
            withExtendedLifetime(weight) {
                ctorch_linear_cross_entropy(
                    handle, weight.argument, targets.handle, shares?.handle, scale, &sum, &gradient)
            })
        return (sum, Tensor(handle: gradient!))
    }

    /// Splits the rows of self [N, D] into ranges to multiply with weight [V, D] one after another, so that the logits
    /// of all rows never exist at once. A range is large enough for the device's peak throughput.
    public func rowRanges(forLogitsWith weight: LinearWeight) -> [Range<Int>] {
        let count = size(0)
        let part = withExtendedLifetime(weight) { Int(ctorch_rows_scored_at_once(handle, weight.argument)) }
        return stride(from: 0, to: count, by: part).map { $0..<Swift.min($0 + part, count) }
    }
}

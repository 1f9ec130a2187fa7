internal import CLLoCOTorch

// The operations of a decode step. They run on the CPU, write to tensors that the caller owns and record no gradients.
// Tensors are float32 unless stated otherwise and contiguous in the last dimension; other strides are arbitrary.
extension Tensor {
    /// Writes the RMS norm of self [M, D] to `y` [M, D]; weight [D] float32 or bfloat16.
    public func rmsNorm(_ weight: Tensor, epsilon: Double, into y: Tensor) throws(TorchError) {
        try check(ctorch_rms_norm_in(handle, weight.handle, epsilon, y.handle))
    }

    /// Rotates the query and key heads of a merged projection, self [M, (heads + 2 · groups) · E], in place, and writes
    /// keys and values to `keys` and `values` [1 or M, groups, capacity, E], float32, float16 or bfloat16. Row m goes
    /// to position `index` of sequence m, or with one sequence to its position `index` + m.
    ///
    /// - Parameter cosine: [1 or M, R/2] for the first R ≤ E elements of a head, which are rotated; `sine` likewise
    public func rotaryAppend(
        cosine: Tensor, sine: Tensor, heads: Int, groups: Int, keys: Tensor, values: Tensor, at index: Int
    ) throws(TorchError) {
        try check(
            ctorch_rotary_append_in(
                handle, cosine.handle, sine.handle, Int64(heads), Int64(groups), keys.handle, values.handle,
                Int64(index)))
    }

    /// The maximum number of pieces of ``attention(keys:values:logWeights:biases:last:scale:into:)``.
    public static let maximumPieceCount = 64

    /// Writes softmax(q · kᵀ · scale) · v to `out` for one query position per sequence: self and out [B, H, E], E a
    /// multiple of 16 up to 256.
    ///
    /// - Parameters:
    ///   - keys: up to ``maximumPieceCount`` pieces [B or 1, K, n, E], float32, float16 or bfloat16, H a multiple of K
    ///   - values: pieces of the keys' shapes and dtypes
    ///   - logWeights: one number per piece, added to the scores of its keys; nil for none
    ///   - biases: per piece [B or 1, K, n], float32, added to the scores per key and head; nil for a piece without
    ///     one, empty for none. A bias of -infinity masks the key for its head.
    ///   - last: how many positions of the last piece are attended to, from its first; nil for all
    ///   - scale: 1 / sqrt(E) by default
    public func attention(
        keys: [Tensor], values: [Tensor], logWeights: [Double]? = nil, biases: [Tensor?] = [], last: Int? = nil,
        scale: Double? = nil, into out: Tensor
    ) throws(TorchError) {
        let scale = scale ?? 1 / Double(size(-1)).squareRoot()
        try check(
            withPieces(keys, values, logWeights, biases) { keys, values, logWeights, biases, count in
                ctorch_decode_attention_in(
                    handle, keys, values, logWeights, biases, count, Int64(last ?? -1), scale, out.handle)
            })
    }

    /// Writes silu(gate) · up of self [M, 2 · I] to `y` [M, I].
    public func swiGLU(into y: Tensor) throws(TorchError) {
        try check(ctorch_swiglu_in(handle, y.handle))
    }

    /// Writes gelu(gate) · up, GELU in its tanh form, of self [M, 2 · I] to `y` [M, I].
    public func geGLU(into y: Tensor) throws(TorchError) {
        try check(ctorch_geglu_in(handle, y.handle))
    }

    /// Adds scale · (self · aᵀ) · bᵀ to `y` [M, out]; self [M, in], a [r, in] and b [out, r] float32 or bfloat16.
    public func lowRank(_ a: Tensor, _ b: Tensor, scale: Double, addedTo y: Tensor) throws(TorchError) {
        try check(ctorch_lora_in(handle, a.handle, b.handle, scale, y.handle))
    }

    /// The index of the greatest element of self [V > 0], the first of equal ones; nil if an element is NaN or the
    /// greatest is not finite.
    public func indexOfGreatest() throws(TorchError) -> Int? {
        var index: Int64 = 0
        try check(ctorch_tensor_argmax(handle, &index))
        return index < 0 ? nil : Int(index)
    }
}

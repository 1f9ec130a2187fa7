internal import CTorch

// A decoding step's operations: on the CPU, into tensors that the caller keeps, without recording gradients. Tensors are
// float32 unless said otherwise, adjacent in the last dimension, with other strides as they are.
extension Tensor {
    /// Writes the RMS norm of self [M, D] to `y` [M, D]; weight [D] float32 or bfloat16.
    public func rmsNorm(_ weight: Tensor, epsilon: Double, into y: Tensor) throws(TorchError) {
        try check(ctorch_rms_norm_in(handle, weight.handle, epsilon, y.handle))
    }

    /// Turns the query and key heads of a merged projection, self [1, (heads + 2 · groups) · E], in place, and writes keys
    /// and values to place `index` of `keys` and `values` [1, groups, capacity, E], float32, float16 or bfloat16.
    ///
    /// - Parameter cosine: [1, E/2]; `sine` likewise
    public func rotaryAppend(
        cosine: Tensor, sine: Tensor, heads: Int, groups: Int, keys: Tensor, values: Tensor, at index: Int
    ) throws(TorchError) {
        try check(
            ctorch_rotary_append_in(
                handle, cosine.handle, sine.handle, Int64(heads), Int64(groups), keys.handle, values.handle,
                Int64(index)))
    }

    /// Writes softmax(q · kᵀ / sqrt(E)) · v to `out` for one query position: self and out [1, H, E]; keys and values in at
    /// most 64 pieces [1, K, n, E], float32, float16 or bfloat16.
    public func attention(keys: [Tensor], values: [Tensor], into out: Tensor) throws(TorchError) {
        let scale = 1 / Double(size(-1)).squareRoot()
        try check(
            keys.withHandles { keys, count in
                values.withHandles { values, _ in
                    ctorch_decode_attention_in(handle, keys, values, count, scale, out.handle)
                }
            })
    }

    /// Writes silu(gate) · up of self [M, 2 · I] to `y` [M, I].
    public func swiGLU(into y: Tensor) throws(TorchError) {
        try check(ctorch_swiglu_in(handle, y.handle))
    }

    /// Adds scale · (self · aᵀ) · bᵀ to `y` [M, out]; self [M, in], a [r, in] and b [out, r] float32 or bfloat16.
    public func lowRank(_ a: Tensor, _ b: Tensor, scale: Double, addedTo y: Tensor) throws(TorchError) {
        try check(ctorch_lora_in(handle, a.handle, b.handle, scale, y.handle))
    }

    /// The index of the greatest element of self [V], the first of equal ones; NaN are passed over.
    public func indexOfGreatest() throws(TorchError) -> Int {
        var index: Int64 = 0
        try check(ctorch_tensor_argmax(handle, &index))
        return Int(index)
    }
}

internal import CLLoCOTorch

extension Tensor {
    /// Whether gradients flow to this tensor.
    public var requiresGradient: Bool { ctorch_tensor_requires_grad(handle) }

    /// Makes a leaf collect gradients, or stop to.
    public func setRequiresGradient(_ requires: Bool) throws(TorchError) {
        try check(ctorch_tensor_set_requires_grad(handle, requires))
    }

    /// Adds the gradients of this scalar to every leaf that requires them.
    public func backward() throws(TorchError) {
        try check(ctorch_tensor_backward(handle))
    }

    /// Goes on from `gradient`, which reaches this tensor and has its shape.
    public func backward(_ gradient: Tensor) throws(TorchError) {
        try check(ctorch_tensor_backward_from(handle, gradient.handle))
    }

    /// What `backward` has accumulated here.
    public var gradient: Tensor? {
        get throws(TorchError) {
            var out: OpaquePointer?
            try check(ctorch_tensor_grad(handle, &out))
            return out.map { Tensor(handle: $0) }
        }
    }

    /// Forgets the accumulated gradient and its memory.
    public func clearGradient() throws(TorchError) {
        try check(ctorch_tensor_clear_grad(handle))
    }

    /// The same values and memory, apart from the gradient graph.
    public func detached() throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_detach(handle, $0) }
    }
}

/// Scales the gradients of `parameters` so that their joint Euclidean norm is at most `maximum`.
///
/// - Returns: the norm before scaling; not finite where a gradient was not.
@discardableResult
public func clipGradients(of parameters: [Tensor], toNorm maximum: Double) throws(TorchError) -> Double {
    var norm = 0.0
    try check(parameters.withHandles { ctorch_clip_grad_norm($0, $1, maximum, &norm) })
    return norm
}

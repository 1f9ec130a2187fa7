internal import CLLoCOTorch

extension Tensor {
    /// Whether gradients flow to this tensor.
    public var requiresGradient: Bool { ctorch_tensor_requires_grad(handle) }

    /// Sets whether a leaf collects gradients.
    public func setRequiresGradient(_ requires: Bool) throws(TorchError) {
        try check(ctorch_tensor_set_requires_grad(handle, requires))
    }

    /// Accumulates the gradients of this scalar in every leaf that requires them.
    public func backward() throws(TorchError) {
        try check(ctorch_tensor_backward(handle))
    }

    /// Backpropagates `gradient`, the gradient with respect to this tensor, of its shape.
    public func backward(_ gradient: Tensor) throws(TorchError) {
        try check(ctorch_tensor_backward_from(handle, gradient.handle))
    }

    /// The gradient that `backward` has accumulated in this leaf; nil if none.
    public var gradient: Tensor? {
        get throws(TorchError) {
            var out: OpaquePointer?
            try check(ctorch_tensor_grad(handle, &out))
            return out.map { Tensor(handle: $0) }
        }
    }

    /// Frees the accumulated gradient.
    public func clearGradient() throws(TorchError) {
        try check(ctorch_tensor_clear_grad(handle))
    }

    /// A tensor over the same memory, detached from the gradient graph.
    public func detached() throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_detach(handle, $0) }
    }
}

/// Scales the gradients of `parameters` so that their global Euclidean norm is at most `maximum`.
///
/// - Returns: the norm before scaling; not finite if a gradient is not.
@discardableResult
public func clipGradients(of parameters: [Tensor], toNorm maximum: Double) throws(TorchError) -> Double {
    var norm = 0.0
    try check(parameters.withHandles { ctorch_clip_grad_norm($0, $1, maximum, &norm) })
    return norm
}

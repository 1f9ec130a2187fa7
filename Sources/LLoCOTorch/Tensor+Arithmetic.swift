internal import CLLoCOTorch

extension Tensor {
    private func unary(_ op: ctorch_unary) throws(TorchError) -> Tensor {
        try Tensor.make { ctorch_tensor_unary(op, handle, $0) }
    }

    private static func binary(_ op: ctorch_binary, _ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        try make { ctorch_tensor_binary(op, a.handle, b.handle, $0) }
    }

    private static func binary(_ op: ctorch_binary, _ a: Tensor, _ b: Double) throws(TorchError) -> Tensor {
        try make { ctorch_tensor_binary_scalar(op, a.handle, b, $0) }
    }

    // All operations are elementwise, with libtorch's broadcasting and dtype promotion.

    /// a + b, broadcast.
    public static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try binary(ctorch_add, a, b) }
    /// a - b, broadcast.
    public static func - (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try binary(ctorch_sub, a, b) }
    /// a · b elementwise, broadcast.
    public static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try binary(ctorch_mul, a, b) }
    /// a / b elementwise, broadcast.
    public static func / (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try binary(ctorch_div, a, b) }
    /// a + b for each element of `a`.
    public static func + (a: Tensor, b: Double) throws(TorchError) -> Tensor { try binary(ctorch_add, a, b) }
    /// a - b for each element of `a`.
    public static func - (a: Tensor, b: Double) throws(TorchError) -> Tensor { try binary(ctorch_sub, a, b) }
    /// a · b for each element of `a`.
    public static func * (a: Tensor, b: Double) throws(TorchError) -> Tensor { try binary(ctorch_mul, a, b) }
    /// a / b for each element of `a`.
    public static func / (a: Tensor, b: Double) throws(TorchError) -> Tensor { try binary(ctorch_div, a, b) }
    /// -a for each element of `a`.
    public static prefix func - (a: Tensor) throws(TorchError) -> Tensor { try a.unary(ctorch_neg) }

    /// Each element to the power of `exponent`.
    public func power(_ exponent: Double) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_pow, self, exponent) }
    /// The larger of two elements, broadcast.
    public func maximum(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_maximum, self, other) }
    /// The smaller of two elements, broadcast.
    public func minimum(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_minimum, self, other) }

    /// self = other elementwise, broadcast: bool.
    public func equal(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_eq, self, other) }
    /// Whether each element equals `other`: bool.
    public func equal(_ other: Double) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_eq, self, other) }
    /// Whether each element differs from `other`: bool.
    public func notEqual(_ other: Double) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_ne, self, other) }
    /// self < other elementwise, broadcast: bool.
    public func less(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_lt, self, other) }
    /// self ≤ other elementwise, broadcast: bool.
    public func lessOrEqual(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_le, self, other) }
    /// self > other elementwise, broadcast: bool.
    public func greater(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.binary(ctorch_gt, self, other) }
    /// Whether both elements are nonzero, broadcast.
    public func logicalAnd(_ other: Tensor) throws(TorchError) -> Tensor {
        try Tensor.binary(ctorch_logical_and, self, other)
    }
    /// Whether either element is nonzero, broadcast.
    public func logicalOr(_ other: Tensor) throws(TorchError) -> Tensor {
        try Tensor.binary(ctorch_logical_or, self, other)
    }
    /// Whether each element is 0: bool.
    public func logicalNot() throws(TorchError) -> Tensor { try unary(ctorch_logical_not) }
    /// Whether each element is neither infinite nor NaN: bool.
    public func isFinite() throws(TorchError) -> Tensor { try unary(ctorch_isfinite) }

    /// Whether every element is finite; true for an empty tensor.
    public func isAllFinite() throws(TorchError) -> Bool {
        if count == 0 { return true }
        return try isFinite().to(.float32).min().item() == 1
    }

    /// |x|
    public func abs() throws(TorchError) -> Tensor { try unary(ctorch_abs) }
    /// eˣ
    public func exp() throws(TorchError) -> Tensor { try unary(ctorch_exp) }
    /// The natural logarithm.
    public func log() throws(TorchError) -> Tensor { try unary(ctorch_log) }
    /// √x
    public func sqrt() throws(TorchError) -> Tensor { try unary(ctorch_sqrt) }
    /// 1 / √x
    public func rsqrt() throws(TorchError) -> Tensor { try unary(ctorch_rsqrt) }
    /// The sine.
    public func sin() throws(TorchError) -> Tensor { try unary(ctorch_sin) }
    /// The cosine.
    public func cos() throws(TorchError) -> Tensor { try unary(ctorch_cos) }
    /// The hyperbolic tangent.
    public func tanh() throws(TorchError) -> Tensor { try unary(ctorch_tanh) }
    /// 1 / (1 + e⁻ˣ)
    public func sigmoid() throws(TorchError) -> Tensor { try unary(ctorch_sigmoid) }
    /// x · sigmoid(x)
    public func silu() throws(TorchError) -> Tensor { try unary(ctorch_silu) }
    /// x · Φ(x), exact
    public func gelu() throws(TorchError) -> Tensor { try unary(ctorch_gelu) }
    /// max(x, 0)
    public func relu() throws(TorchError) -> Tensor { try unary(ctorch_relu) }
}

import LLoCOCheckpoints
import LLoCOTorch

/// A frozen linear layer: y = x · weightᵀ + bias, plus the active adapters' contributions.
///
/// The weights never change. Adapters are passed per call, so that one loaded model serves many of them. Modules with
/// the same input are stacked in one weight: separate products would read the input again.
struct Linear {
    /// One of a checkpoint's modules: rows of the weight.
    struct Part {
        /// The key of the module's adapter matrices.
        let target: AdapterTarget
        let rows: Range<Int>
    }

    /// [out, in]
    let weight: LinearWeight
    /// [out]
    let bias: Tensor?
    let parts: [Part]

    /// x [..., in] to [..., out].
    func callAsFunction(_ x: Tensor, _ adapters: ActiveAdapters) throws -> Tensor {
        let additions = additions(adapters)
        return additions.isEmpty
            ? try x.linear(weight, bias: bias) : try x.linear(weight, bias: bias, adding: additions)
    }

    /// The contributions of the active adapters.
    func additions(_ adapters: ActiveAdapters) -> [Tensor.LowRankPart] {
        adapters.list.flatMap { adapter in
            parts.compactMap { part in
                adapter.pairs[part.target].map {
                    Tensor.LowRankPart(
                        a: $0.a, b: $0.b, start: part.rows.lowerBound, scale: $0.scale,
                        dropout: adapters.appliesDropout ? adapter.dropout : 0)
                }
            }
        }
    }
}

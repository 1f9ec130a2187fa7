import LLoCOCheckpoints
import LLoCOTorch

/// A frozen linear layer: y = x · weightᵀ + bias, plus whatever the adapters of the call add.
///
/// The weights never change; an adapter is a value given at call time, so one loaded model serves many of them. Modules
/// that read the same input lie below one another in one weight: a product of their own each would read it again.
struct Linear {
    /// One of a checkpoint's modules: rows of the weight.
    struct Part {
        /// Where adapters look for what to add.
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

    /// What the adapters of a call add.
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

import Checkpoints
import Torch

/// A frozen linear layer: y = x · weightᵀ + bias, plus whatever the adapters of the call add.
///
/// The weights never change; an adapter is a value given at call time, so one loaded model serves many of them.
struct Linear {
    /// [out, in]
    let weight: Tensor
    /// [out]
    let bias: Tensor?
    /// Where adapters look for what to add.
    let target: AdapterTarget

    /// x [..., in] to [..., out].
    func callAsFunction(_ x: Tensor, _ adapters: ActiveAdapters) throws -> Tensor {
        var y = try x.linear(weight, bias: bias)
        for adapter in adapters.list {
            guard let pair = adapter.pairs[target] else { continue }
            let drops = adapters.appliesDropout && adapter.dropout > 0
            y = try y + pair.delta(drops ? x.dropout(adapter.dropout) : x)
        }
        return y
    }
}

package import LLoCOModels
import LLoCOTorch

/// How little a model expects a text's tokens: -log p of each given those before it.
package enum Surprisal {
    /// - Parameter ids: of n tokens
    /// - Returns: n values in nats; the first, which nothing comes before, is 0
    package static func values(of ids: [Int], _ decoder: Llama) throws -> [Float] {
        guard ids.count > 1 else { return ids.map { _ in 0 } }
        return try withoutGradients {
            let hidden = try decoder.hiddenStates(decoder.embed(Array(ids.dropLast())))[0]
            return try values(hidden, targets: Array(ids.dropFirst()), decoder)
        }
    }

    /// - Parameters:
    ///   - hidden: [n - 1, D], the states that predict the tokens after the first
    ///   - targets: those tokens
    static func values(_ hidden: Tensor, targets: [Int], _ decoder: Llama) throws -> [Float] {
        var values: [Float] = [0]
        try decoder.eachLogits(of: hidden) { logits, rows in
            let logarithms = try logits.to(.float32).logSoftmax(-1)
            let columns = try Tensor(Array(targets[rows])).to(device: decoder.device).unsqueezed(1)
            values += try logarithms.gathered(1, columns).reshaped([-1]).to(device: .cpu).array(of: Float.self).map {
                -$0
            }
        }
        return values
    }

    /// The places of the `count` greatest values, in the text's order; of equal ones the first.
    package static func greatest(_ count: Int, of values: [Float]) -> [Int] {
        values.indices.sorted { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }.prefix(count).sorted()
    }
}

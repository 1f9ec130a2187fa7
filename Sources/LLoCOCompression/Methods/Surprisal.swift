package import LLoCOModels
import LLoCOTorch

/// The surprisal of a text's tokens: -log p of each given the earlier tokens.
package enum Surprisal {
    /// The surprisal of n tokens.
    ///
    /// - Returns: n values in nats; the first token has no context and gets 0
    package static func values(of ids: [Int], _ decoder: Llama) throws -> [Float] {
        guard ids.count > 1 else { return ids.map { _ in 0 } }
        return try withoutGradients {
            let hidden = try decoder.hiddenStates(decoder.embed(Array(ids.dropLast())))[0]
            return try values(hidden, targets: Array(ids.dropFirst()), decoder)
        }
    }

    /// The surprisal of n tokens from hidden states.
    ///
    /// - Parameters:
    ///   - hidden: [n - 1, D], the states that predict the tokens after the first
    ///   - targets: the n - 1 tokens after the first
    /// - Returns: n values in nats; the first is 0
    static func values(_ hidden: Tensor, targets: [Int], _ decoder: Llama) throws -> [Float] {
        var values: [Float] = [0]
        try decoder.eachLogits(of: hidden) { logits, rows in
            let logProbabilities = try logits.to(.float32).logSoftmax(-1)
            let columns = try Tensor(Array(targets[rows])).to(device: decoder.device).unsqueezed(1)
            let predicted = try logProbabilities.gathered(1, columns).reshaped([-1]).to(device: .cpu)
            values += try predicted.array(of: Float.self).map { -$0 }
        }
        return values
    }

    /// The indices of the `count` greatest values, ascending. Of equal values the first ones count.
    package static func greatest(_ count: Int, of values: [Float]) -> [Int] {
        values.indices.sorted { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }.prefix(count).sorted()
    }
}

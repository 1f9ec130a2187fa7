import Foundation
import LLoCOBase
package import LLoCOTorch

/// Samples one token after another from logits.
package struct Sampler {
    private let options: SamplingOptions
    private var generator: SplitMix64

    package init(_ options: SamplingOptions) {
        self.options = options
        generator = SplitMix64(seed: options.seed)
    }

    /// Samples the next token from logits [V].
    /// - Throws: `ModelError` if logits are not finite.
    package mutating func next(_ logits: Tensor) throws -> Int {
        // Logits of a step with quantized weights are float32 on the CPU: then this allocates nothing.
        guard let likeliest = try logits.to(.float32, device: .cpu).contiguous().indexOfGreatest() else {
            throw ModelError.nonFiniteLogits(logits.dtype)
        }
        if options.temperature == 0 { return likeliest }
        return try draw(logits.array(of: Float.self))
    }

    private mutating func draw(_ logits: [Float]) -> Int {
        let highest = logits.max() ?? 0
        var weights = logits.map { exp((Double($0) - Double(highest)) / options.temperature) }
        if options.topP < 1 {
            let order = weights.indices.sorted { weights[$0] > weights[$1] }
            var left = options.topP * weights.reduce(0, +)
            var kept = 0
            // The token that crosses the threshold is kept, so that at least one is.
            while kept < order.count, left > 0 {
                left -= weights[order[kept]]
                kept += 1
            }
            for index in order[kept...] { weights[index] = 0 }
        }
        var point = Double.random(in: 0..<1, using: &generator) * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            point -= weight
            if point < 0 { return index }
        }
        return weights.lastIndex { $0 > 0 } ?? 0
    }
}

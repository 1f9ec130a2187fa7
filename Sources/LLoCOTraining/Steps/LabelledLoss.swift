package import LLoCOModels
package import LLoCOTorch

/// Next-token cross-entropy where it is wanted, without ever holding the scores of all positions.
package enum LabelledLoss {
    /// Adds the gradients of scale · Σ -log p(label) to everything that `hidden` depends on.
    ///
    /// - Parameters:
    ///   - hidden: [N, D], the hidden states that predict the labels
    ///   - labels: [N]
    /// - Returns: Σ -log p(label), unscaled
    package static func backward(_ decoder: Llama, hidden: Tensor, labels: [Int], scale: Double) throws -> Double {
        let (sum, gradient) = try decoder.crossEntropy(hidden.detached(), targets: labels, gradientScale: scale)
        try hidden.backward(gradient)
        return sum
    }
}

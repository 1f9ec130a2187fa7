package import LLoCOModels
package import LLoCOTorch

/// Next-token cross-entropy of selected positions. It never holds the logits of all positions in memory.
package enum CrossEntropyLoss {
    /// Accumulates the gradients of scale · Σ -log p(label) in everything that `hidden` depends on.
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

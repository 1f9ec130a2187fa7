package import Models
package import Torch

/// Next-token cross-entropy where it is wanted, without ever holding the scores of all positions.
package enum LabelledLoss {
    /// Positions scored at a time: 256 x 49,152 float32 scores are 50 MB.
    package static let chunk = 256

    /// Adds the gradients of scale · Σ -log p(label) to everything that `hidden` depends on.
    ///
    /// - Parameters:
    ///   - hidden: [N, D], the hidden states that predict the labels
    ///   - labels: [N]
    /// - Returns: Σ -log p(label), unscaled
    package static func backward(_ decoder: Llama, hidden: Tensor, labels: [Int], scale: Double) throws -> Double {
        // The scores' graph is walked chunk by chunk down to a leaf; its gradient then goes on through the layers.
        let leaf = try hidden.detached()
        try leaf.setRequiresGradient(true)
        let targets = try Tensor(labels).to(device: hidden.device)
        var sum = 0.0
        for start in stride(from: 0, to: labels.count, by: chunk) {
            let range = start..<min(start + chunk, labels.count)
            let loss = try decoder.logits(leaf[range]).crossEntropy(targets[range], reduction: .sum)
            sum += try loss.item()
            try (loss * scale).backward()
        }
        guard let gradient = try leaf.gradient else { return sum }
        try (hidden * gradient).sum().backward()
        return sum
    }
}

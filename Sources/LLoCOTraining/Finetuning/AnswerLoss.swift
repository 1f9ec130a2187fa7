import LLoCOLibrary
import LLoCOModels
import LLoCOTorch

/// The loss over answers: -log p of their tokens, or the cross-entropy with a teacher's probabilities.
enum AnswerLoss {
    /// Accumulates the gradients of scale · loss in everything that the hidden states depend on.
    ///
    /// - Parameter answers: examples with the hidden states [A, D] that predict their answers
    /// - Returns: the unscaled sum over all tokens
    static func backward(
        _ decoder: Llama, _ answers: [(example: FinetuningExample, hidden: Tensor)], scale: Double
    ) throws -> Double {
        // Group by the width of the teacher's targets, 0 without a teacher.
        let groups = Dictionary(grouping: answers) { $0.example.targets?.width ?? 0 }.sorted { $0.key < $1.key }
        var sum = 0.0
        var hidden: [Tensor] = []
        var gradients: [Tensor] = []
        for (width, answers) in groups {
            let states = try Tensor.concatenated(answers.map(\.hidden))
            let part: (sum: Double, gradient: Tensor)
            if width == 0 {
                part = try decoder.crossEntropy(
                    states.detached(), targets: answers.flatMap(\.example.answer), gradientScale: scale)
            } else {
                let targets = try answers.compactMap { try $0.example.targets?.tensors() }
                part = try decoder.crossEntropy(
                    states.detached(), targets: .concatenated(targets.map(\.tokens)).to(device: decoder.device),
                    shares: .concatenated(targets.map(\.shares)).to(device: decoder.device), gradientScale: scale)
            }
            sum += part.sum
            hidden.append(states)
            gradients.append(part.gradient)
        }
        try Tensor.concatenated(hidden).backward(.concatenated(gradients))
        return sum
    }
}

import LLoCOLibrary
import LLoCOModels
import LLoCOTorch

/// The loss over answers: -log p of their tokens or, where a teacher has read them, the cross-entropy with its shares.
enum AnswerLoss {
    /// Adds the gradients of scale · loss to everything that the hidden states depend on.
    ///
    /// - Parameter answers: each with the hidden states [A, D] that predict it
    /// - Returns: the sum over all tokens, unscaled
    static func backward(
        _ decoder: Llama, _ answers: [(example: FinetuningExample, hidden: Tensor)], scale: Double
    ) throws -> Double {
        // Of one width each, 0 for those without a teacher.
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

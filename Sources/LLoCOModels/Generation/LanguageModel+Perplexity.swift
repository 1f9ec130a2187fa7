import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOTorch

extension LanguageModel {
    /// The sum of -log p(token i | tokens before it) over tokens 1 ..< n, in nats. Zero for fewer than two tokens.
    ///
    /// - Throws: `ModelError` if the text exceeds the context window or an id is outside the vocabulary.
    public func negativeLogLikelihood(of ids: [Int], adapters: ActiveAdapters = .none) throws -> Double {
        try negativeLogLikelihood(of: ids) {
            // All ids are embedded, so that the last one, which is only a target, is validated too.
            var input = try decoder.embed(ids)
            // The last one is an input only if rotary frequencies depend on the length of the whole text.
            if !decoder.dependsOnLength { input = try input.narrowed(1, start: 0, length: ids.count - 1) }
            let hidden = try decoder.hiddenStates(input, adapters: adapters)[0][0..<ids.count - 1]
            return try decoder.crossEntropy(hidden, targets: Array(ids.dropFirst()))
        }
    }

    /// The same sum computed by decode steps, hence with the decode weights.
    ///
    /// - Parameter progress: called after each token with the number of tokens done
    public func negativeLogLikelihoodByStep(
        of ids: [Int], adapters: ActiveAdapters = .none, progress: (Int) throws -> Void = { _ in }
    ) throws -> Double {
        try negativeLogLikelihood(of: ids) {
            let session = try decodeSession(KeyValueCache(layerCount: configuration.layerCount), adapters: adapters)
            var sum = 0.0
            for (done, pair) in zip(ids, ids.dropFirst()).enumerated() {
                sum += try session.step(pair.0).unsqueezed(0).crossEntropy(Tensor([pair.1])).item()
                try progress(done + 1)
            }
            return sum
        }
    }

    private func negativeLogLikelihood(of ids: [Int], _ body: () throws -> Double) throws -> Double {
        guard ids.count <= window else {
            throw ModelError(
                .doesNotFit, "the text has \(ids.count) tokens, the model's window holds \(window)",
                hint: .scoreTokens(window))
        }
        guard ids.count > 1 else { return 0 }
        let sum = try withoutGradients(body)
        guard sum.isFinite else {
            throw ModelError.nonFiniteLogits(decoder.dtype)
        }
        return sum
    }
}

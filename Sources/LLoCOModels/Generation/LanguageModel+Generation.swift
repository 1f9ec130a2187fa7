import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOTorch

extension LanguageModel {
    /// Generates a text for a prompt.
    ///
    /// - Parameters:
    ///   - prompt: embeddings [1, T, D]: of ids, or a document's vectors followed by ids
    ///   - cache: positions before the prompt; prompt and generated positions are appended
    ///   - onText: called with each piece of text as soon as it is final; whole characters only
    /// - Throws: `ModelError` if the prompt leaves no position free in the context window; `CancellationError` within a
    ///   chunk of the prompt or a token if the task is cancelled.
    public func generate(
        _ prompt: Tensor, cache: KeyValueCache? = nil, options: GenerationOptions = .init(),
        adapters: ActiveAdapters = .none, onText: (String) throws -> Void = { _ in }
    ) throws -> GeneratedText {
        let cache = try self.cache(for: prompt, after: cache)
        var growing = try GrowingText(self, options)
        func emit(_ piece: String) throws { if !piece.isEmpty { try onText(piece) } }

        let clock = ContinuousClock()
        let start = clock.now
        var firstToken = start
        try withoutGradients {
            guard growing.end == nil else { return }
            let hidden = try decoder.hiddenStates(prompt, cache: cache, adapters: adapters, last: 1)
            var logits = try decoder.logits(hidden).reshaped([-1])
            var session: DecodeSession?
            while true {
                try Task.checkCancellation()
                let piece = try growing.grow(logits, positions: cache.count)
                if growing.ids.count == 1 { firstToken = clock.now }
                try emit(piece)
                guard growing.end == nil, let token = growing.ids.last else { return }
                let steps =
                    try session
                    ?? decodeSession(cache, adapters: adapters, expecting: options.maximumTokens - growing.ids.count)
                session = steps
                logits = try steps.step(token)
            }
        }
        return growing.result(
            prefillSeconds: start.duration(to: firstToken).seconds,
            decodeSeconds: firstToken.duration(to: clock.now).seconds)
    }
}

import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOTokenizers
public import LLoCOTorch

extension LanguageModel {
    /// Continues a prompt.
    ///
    /// - Parameters:
    ///   - prompt: embeddings [1, T, D]: of ids, or a document's vectors and then ids
    ///   - cache: positions that come before the prompt; the generated ones are added to it
    ///   - onText: called with each piece of text as soon as it is certain; whole characters only
    /// - Throws: `ModelError` where the prompt leaves no position free in the context window; `CancellationError` within a
    ///   chunk of the prompt or a token where the task is cancelled.
    public func generate(
        _ prompt: Tensor, cache: KeyValueCache? = nil, options: GenerationOptions = .init(),
        adapters: ActiveAdapters = .none, onText: (String) throws -> Void = { _ in }
    ) throws -> GeneratedText {
        let cache = cache ?? KeyValueCache(layerCount: configuration.layerCount)
        let shape = prompt.shape
        guard shape.count == 3, shape[0] == 1, shape[1] > 0 else {
            throw ModelError(.invalid, "a prompt of shape \(shape), expected [1, T > 0, \(configuration.hiddenSize)]")
        }
        let length = shape[1]
        guard cache.count + length < window else {
            throw ModelError(
                .doesNotFit,
                "the prompt has \(cache.count + length) positions, the model's window holds \(window) with the answer")
        }
        let isText = !options.idsAlone || hasTokenizer || !options.stopStrings.isEmpty
        let tokenizer = isText ? try self.tokenizer : nil
        let endTokens = options.endTokens ?? (tokenizer?.endTokens ?? []).union(configuration.eosTokenIDs)
        var sampler = Sampler(options.sampling)
        var decoder = tokenizer.map { StreamingDecoder($0, skippingSpecial: true) }
        var scanner = StopStringScanner(options.stopStrings)
        var ids: [Int] = []
        var text = ""
        var end = GeneratedText.End.length

        func emit(_ piece: String) throws {
            guard !piece.isEmpty else { return }
            text += piece
            try onText(piece)
        }

        let clock = ContinuousClock()
        let start = clock.now
        var firstToken = start
        try withoutGradients {
            guard options.maximumTokens > 0 else { return }
            let hidden = try self.decoder.hiddenStates(prompt, cache: cache, adapters: adapters, last: 1)
            var scores = try self.decoder.logits(hidden).reshaped([-1])
            var session: DecodeSession?
            while ids.count < options.maximumTokens {
                try Task.checkCancellation()
                let token = try sampler.next(scores)
                if ids.isEmpty { firstToken = clock.now }
                ids.append(token)
                if endTokens.contains(token) {
                    end = .endToken
                    break
                }
                try emit(scanner.accept(decoder?.append(token) ?? ""))
                if scanner.isStopped {
                    end = .stopString
                    break
                }
                if cache.count >= window {
                    end = .window
                    break
                }
                if ids.count < options.maximumTokens {
                    let steps =
                        try session
                        ?? decodeSession(cache, adapters: adapters, expecting: options.maximumTokens - ids.count)
                    session = steps
                    scores = try steps.step(token)
                }
            }
        }
        if end != .stopString {
            try emit(scanner.accept(decoder?.finish() ?? ""))
            if scanner.isStopped { end = .stopString }
            try emit(scanner.finish())
        }
        return GeneratedText(
            ids: ids, text: text, end: end, prefillSeconds: start.duration(to: firstToken).seconds,
            decodeSeconds: firstToken.duration(to: clock.now).seconds)
    }
}

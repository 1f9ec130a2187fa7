import LLoCOCheckpoints
import LLoCOTokenizers
import LLoCOTorch

/// The state of a generated text: sampler, detokenizer and stop conditions.
struct GrowingText {
    private let model: LanguageModel
    private let options: GenerationOptions
    private let endTokens: Set<Int>
    private var sampler: Sampler
    private var decoder: StreamingDecoder?
    private var scanner: StopStringScanner

    /// Every token, including the end token.
    private(set) var ids: [Int] = []
    /// The tokens' log-probabilities if requested, except the end token's.
    private var logProbabilities: [TokenLogProbability] = []
    /// The final text so far.
    private(set) var text = ""
    /// The reason why the text ended; nil while it grows.
    private(set) var end: GeneratedText.End?

    /// - Throws: `ModelError`, `TokenizerError` if the model has no tokenizer and the options require text.
    init(_ model: LanguageModel, _ options: GenerationOptions) throws {
        let isText = !options.idsAlone || model.hasTokenizer || !options.stopStrings.isEmpty
        let tokenizer = isText ? try model.tokenizer : nil
        self.model = model
        self.options = options
        endTokens =
            options.endTokens ?? (tokenizer?.endTokens ?? []).union(model.configuration.eosTokenIDs)
        sampler = Sampler(options.sampling)
        decoder = tokenizer.map { StreamingDecoder($0, skippingSpecial: true) }
        scanner = StopStringScanner(options.stopStrings)
        if options.maximumTokens < 1 { end = .length }
    }

    /// Samples the next token.
    ///
    /// - Parameters:
    ///   - logits: [V]
    ///   - positions: number of positions before the token
    /// - Returns: the text that became final; often empty
    /// - Throws: `ModelError` if logits are not finite.
    mutating func grow(_ logits: Tensor, positions: Int) throws -> String {
        let token = try sampler.next(logits)
        ids.append(token)
        guard !endTokens.contains(token) else { return finish(.endToken) }
        if let count = options.likeliestTokens {
            let numbers = try logits.to(.float32, device: .cpu).array(of: Float.self)
            logProbabilities.append(TokenLogProbability(of: token, among: numbers, likeliest: count))
        }
        let piece = scanner.accept(decoder?.append(token) ?? "")
        text += piece
        if scanner.isStopped {
            end = .stopString
            return piece
        }
        if positions >= model.window { return piece + finish(.window) }
        if ids.count >= options.maximumTokens { return piece + finish(.length) }
        return piece
    }

    /// Ends the text and returns the rest of it.
    private mutating func finish(_ end: GeneratedText.End) -> String {
        self.end = end
        var rest = scanner.accept(decoder?.finish() ?? "")
        if scanner.isStopped { self.end = .stopString }
        rest += scanner.finish()
        text += rest
        return rest
    }

    /// The generated text.
    func result(prefillSeconds: Double, decodeSeconds: Double) -> GeneratedText {
        GeneratedText(
            ids: ids, text: text, end: end ?? .length, logProbabilities: logProbabilities,
            prefillSeconds: prefillSeconds, decodeSeconds: decodeSeconds)
    }
}

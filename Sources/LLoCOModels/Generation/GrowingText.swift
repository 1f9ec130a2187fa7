import LLoCOCheckpoints
import LLoCOTokenizers
import LLoCOTorch

/// A text that grows token by token, until it ends.
struct GrowingText {
    private let model: LanguageModel
    private let options: GenerationOptions
    private let endTokens: Set<Int>
    private var sampler: Sampler
    private var decoder: StreamingDecoder?
    private var scanner: StopStringScanner

    /// Every token, the end token included
    private(set) var ids: [Int] = []
    /// How likely they were, where that is asked for; the end token's is left out
    private var logProbabilities: [TokenLogProbability] = []
    /// The text that is certain
    private(set) var text = ""
    /// Why it has ended; nil as long as it grows
    private(set) var end: GeneratedText.End?

    /// - Throws: `ModelError`, `TokenizerError` where the model has no tokenizer and ids alone will not do.
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

    /// Chooses the next token.
    ///
    /// - Parameters:
    ///   - scores: [V]
    ///   - positions: how many the sequence has before the token
    /// - Returns: the text that is certain now, behind what was before; often empty
    /// - Throws: `ModelError` where the scores are no numbers.
    mutating func grow(_ scores: Tensor, positions: Int) throws -> String {
        let token = try sampler.next(scores)
        ids.append(token)
        guard !endTokens.contains(token) else { return finish(.endToken) }
        if let count = options.likeliestTokens {
            let numbers = try scores.to(.float32, device: .cpu).array(of: Float.self)
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

    /// Ends the text, which nothing follows.
    private mutating func finish(_ end: GeneratedText.End) -> String {
        self.end = end
        var rest = scanner.accept(decoder?.finish() ?? "")
        if scanner.isStopped { self.end = .stopString }
        rest += scanner.finish()
        text += rest
        return rest
    }

    /// What was generated.
    func result(prefillSeconds: Double, decodeSeconds: Double) -> GeneratedText {
        GeneratedText(
            ids: ids, text: text, end: end ?? .length, logProbabilities: logProbabilities,
            prefillSeconds: prefillSeconds, decodeSeconds: decodeSeconds)
    }
}

/// The options of a generation: when it ends, and how tokens are sampled.
public struct GenerationOptions: Sendable {
    /// The maximum number of generated tokens.
    public var maximumTokens: Int
    /// How each token is sampled; greedy by default.
    public var sampling: SamplingOptions
    /// The tokens that end the text; by default the tokenizer's and the model's end tokens.
    public var endTokens: Set<Int>?
    /// The strings that end the text; the first to appear and all after it are left out.
    public var stopStrings: [String]
    /// The number of most likely tokens to report at each position, besides the chosen token's log-probability; nil,
    /// the default, reports neither.
    public var likeliestTokens: Int?
    /// Whether a model without a tokenizer may generate ids without text; false by default.
    public var idsAlone = false

    /// Creates options; greedy with at most 256 tokens by default.
    public init(
        maximumTokens: Int = 256, sampling: SamplingOptions = .greedy, endTokens: Set<Int>? = nil,
        stopStrings: [String] = []
    ) {
        self.maximumTokens = maximumTokens
        self.sampling = sampling
        self.endTokens = endTokens
        self.stopStrings = stopStrings
    }
}

/// A generated text.
public struct GeneratedText: Sendable {
    /// The reason why a generation ended.
    public enum End: String, Sendable {
        /// The model generated an end token.
        case endToken
        /// A stop string appeared.
        case stopString
        /// The maximum number of tokens was reached.
        case length
        /// The model's context window is full.
        case window
    }

    /// Every generated token, including the end token.
    public let ids: [Int]
    /// The text, without special tokens and without the stop string.
    public let text: String
    /// The reason why the generation ended.
    public let end: End
    /// Each token's log-probabilities, except the end token's; empty unless requested.
    public let logProbabilities: [TokenLogProbability]
    /// The time until the first token, in seconds.
    public let prefillSeconds: Double
    /// The time for the tokens after the first, in seconds.
    public let decodeSeconds: Double
}

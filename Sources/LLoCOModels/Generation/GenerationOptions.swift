/// When a continuation ends, and how its tokens are chosen.
public struct GenerationOptions: Sendable {
    /// Generates at most so many tokens.
    public var maximumTokens: Int
    /// How each token is chosen; the most likely one by default.
    public var sampling: SamplingOptions
    /// Ends at any of these tokens; by default the tokenizer's own.
    public var endTokens: Set<Int>?
    /// Ends where one of these appears in the text; it and what follows are left out.
    public var stopStrings: [String]
    /// How many of the likeliest tokens are told at each place, with the chosen one's likelihood; nil, the default, for none of
    /// it.
    public var likeliestTokens: Int?
    /// Whether ids without a text will do, of a model without a tokenizer; false by default.
    public var idsAlone = false

    /// Greedy, at most 256 tokens, by default.
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

/// What was generated.
public struct GeneratedText: Sendable {
    /// Why a continuation ended.
    public enum End: String, Sendable {
        /// the model ended its text
        case endToken
        /// a stop string appeared
        case stopString
        /// the most tokens that were allowed
        case length
        /// the model's context window is full
        case window
    }

    /// Every generated token, the end token included.
    public let ids: [Int]
    /// The text, without special tokens and without the stop string.
    public let text: String
    /// Why it ended.
    public let end: End
    /// How likely each token was, that which ended the text left out; empty where it was not asked for
    public let logProbabilities: [TokenLogProbability]
    /// seconds until the first token was known
    public let prefillSeconds: Double
    /// seconds for the tokens after it
    public let decodeSeconds: Double
}

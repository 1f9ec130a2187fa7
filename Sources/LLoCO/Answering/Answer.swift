public import LLoCOBase
public import LLoCOModels

/// An answer with its sources and timings.
public struct Answer: Sendable, Encodable {
    /// A passage or excerpt of a document that was in the context or that the question retrieved.
    public struct Passage: Sendable, Codable, Equatable {
        /// The document's name.
        public let document: String
        /// The start in the document's text, a UTF-8 byte offset.
        public let start: Int
        /// The end in the document's text, a UTF-8 byte offset, exclusive.
        public let end: Int
        /// The sum of `1 / (60 + rank)` over the rankings that contain it. It orders passages and is not a probability.
        public let score: Double

        /// Creates a passage from its fields.
        public init(document: String, start: Int, end: Int, score: Double) {
            (self.document, self.start, self.end, self.score) = (document, start, end, score)
        }
    }

    /// The durations of the stages in seconds.
    public typealias Seconds = AnswerSeconds

    /// The answer's text. Surrounding white space is trimmed, except in a continuation (``PromptForm``).
    public let answer: String
    /// The answering mode.
    public let mode: AnswerMode
    /// The names of the documents in the context, in order.
    public let documents: [String]
    /// The passages in the context in the modes `retrieval` and `hybrid`; in other modes the best passages of the
    /// documents in the context.
    public let passages: [Passage]
    /// The prompt positions that stand for documents: vectors and tokens of their text.
    public let contextTokens: Int
    /// All positions of the prompt, the context included.
    public let promptTokens: Int
    /// The tokens of the answer, the end token included.
    public let generatedTokens: Int
    /// The durations of the stages.
    public let seconds: Seconds
    /// The prefill time that the cached beginning of the prompt saved; not included in `seconds`. Not encoded.
    public let reusedSeconds: Double
    /// The durations of the stages without the prompt cache. Not encoded.
    public var secondsAlone: Seconds {
        Seconds(
            retrieve: seconds.retrieve, prefill: seconds.prefill + reusedSeconds, decode: seconds.decode,
            total: seconds.total + reusedSeconds)
    }
    /// The tokens of the documents' text that mode `full` truncated. Not encoded.
    public let cutTokens: Int
    /// The omissions, one line each: what was left out of the search or the context, or truncated. Not encoded.
    public let omissions: [String]
    /// The reason why generation ended. Not encoded.
    public let end: GeneratedText.End
    /// The log-probabilities of the answer's tokens, if requested. Not encoded.
    public let logProbabilities: [TokenLogProbability]

    enum CodingKeys: String, CodingKey {
        case answer, mode, documents, passages, seconds
        case contextTokens = "context_tokens"
        case promptTokens = "prompt_tokens"
        case generatedTokens = "generated_tokens"
    }
}

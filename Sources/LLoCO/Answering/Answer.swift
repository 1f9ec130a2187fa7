public import LLoCOBase
public import LLoCOModels

/// An answer, what it rests on, and what it cost.
public struct Answer: Sendable, Encodable {
    /// A piece of a document's text that was read for the answer, or found for the question.
    public struct Passage: Sendable, Codable, Equatable {
        /// The document's name.
        public let document: String
        /// Where it starts in the document's text, in UTF-8 bytes.
        public let start: Int
        /// Where it ends, in UTF-8 bytes; that byte is outside.
        public let end: Int
        /// The sum of `1 / (60 + rank)` over the rankings that found it: it tells the order, not a probability.
        public let score: Double

        public init(document: String, start: Int, end: Int, score: Double) {
            (self.document, self.start, self.end, self.score) = (document, start, end, score)
        }
    }

    /// What the stages took, in seconds.
    public typealias Seconds = AnswerSeconds

    /// The text, without white space around it unless it continues what was read (``PromptForm``).
    public let answer: String
    /// What was read for it.
    public let mode: AnswerMode
    /// The documents that the model read, in reading order.
    public let documents: [String]
    /// Those that were read, in modes `retrieval` and `hybrid`; else the best ones of the documents that were read.
    public let passages: [Passage]
    /// Positions of the prompt that stand for the documents: vectors, or tokens of their text.
    public let contextTokens: Int
    /// All positions of the prompt, the context included.
    public let promptTokens: Int
    /// Tokens of the answer, the end token included.
    public let generatedTokens: Int
    /// What its stages took.
    public let seconds: Seconds
    /// What reading the part of the prompt took that the answer before had read already, which is not in `seconds`. Not
    /// encoded.
    public let reusedSeconds: Double
    /// What the answer would take if it were the first about its documents.
    public var secondsAlone: Seconds {
        Seconds(
            retrieve: seconds.retrieve, prefill: seconds.prefill + reusedSeconds, decode: seconds.decode,
            total: seconds.total + reusedSeconds)
    }
    /// Tokens of the documents' text that `full` had to leave out. Not encoded.
    public let cutTokens: Int
    /// What did not fit the window and was left out, a line each; empty where all was read. Not encoded.
    public let omissions: [String]
    /// What ended it. Not encoded.
    public let end: GeneratedText.End
    /// How likely its tokens were, where that was asked for. Not encoded.
    public let logProbabilities: [TokenLogProbability]

    enum CodingKeys: String, CodingKey {
        case answer, mode, documents, passages, seconds
        case contextTokens = "context_tokens"
        case promptTokens = "prompt_tokens"
        case generatedTokens = "generated_tokens"
    }
}

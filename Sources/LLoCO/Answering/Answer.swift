public import LLoCOBase
public import LLoCOModels

/// An answer, what it rests on, and what it cost.
public struct Answer: Sendable, Encodable {
    public struct Passage: Sendable, Codable, Equatable {
        public let document: String
        /// UTF-8 byte offsets in the document's text
        public let start: Int
        public let end: Int
        public let score: Double
    }

    public typealias Seconds = AnswerSeconds

    public let answer: String
    public let mode: AnswerMode
    /// The documents that the model read, in reading order.
    public let documents: [String]
    public let passages: [Passage]
    /// Positions of the prompt that stand for the documents: vectors, or tokens of their text.
    public let contextTokens: Int
    /// All positions of the prompt, the context included.
    public let promptTokens: Int
    public let generatedTokens: Int
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

    enum CodingKeys: String, CodingKey {
        case answer, mode, documents, passages, seconds
        case contextTokens = "context_tokens"
        case promptTokens = "prompt_tokens"
        case generatedTokens = "generated_tokens"
    }
}

/// The duration of each stage of an answer, in seconds.
public struct AnswerSeconds: Sendable, Codable, Equatable {
    /// Retrieval of documents and passages, including the question's embedding
    public var retrieve: Double
    /// From the prompt to the first token of the answer
    public var prefill: Double
    /// The answer's tokens after the first
    public var decode: Double
    /// The whole answer from the question on, including the time between stages
    public var total: Double

    /// The durations in seconds.
    public init(retrieve: Double, prefill: Double, decode: Double, total: Double) {
        self.retrieve = retrieve
        self.prefill = prefill
        self.decode = decode
        self.total = total
    }
}

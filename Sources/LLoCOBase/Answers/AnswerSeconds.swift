/// What the stages of an answer took, in seconds.
public struct AnswerSeconds: Sendable, Codable, Equatable {
    /// Looking for documents and passages, the question's embedding included
    public var retrieve: Double
    /// From the prompt to the first token of the answer
    public var prefill: Double
    /// The answer's further tokens
    public var decode: Double
    /// All of it, from the question on, with what lies between the stages
    public var total: Double

    public init(retrieve: Double, prefill: Double, decode: Double, total: Double) {
        self.retrieve = retrieve
        self.prefill = prefill
        self.decode = decode
        self.total = total
    }
}

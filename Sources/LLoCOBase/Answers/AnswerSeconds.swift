/// What the stages of an answer took, in seconds.
public struct AnswerSeconds: Sendable, Codable, Equatable {
    public var retrieve: Double
    public var prefill: Double
    public var decode: Double
    public var total: Double

    public init(retrieve: Double, prefill: Double, decode: Double, total: Double) {
        self.retrieve = retrieve
        self.prefill = prefill
        self.decode = decode
        self.total = total
    }
}

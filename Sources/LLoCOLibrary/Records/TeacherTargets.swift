/// The distillation targets of an answer: at each token the teacher's K most likely tokens and their probabilities,
/// renormalized to sum to 1.
public struct TeacherTargets: Sendable, Equatable {
    /// The maximum K that the loss supports.
    package static let largestWidth = 128

    /// The answer's token ids, its end token included: `[A]`.
    public let answer: [Int]
    /// K, the number of target tokens at each position.
    public let width: Int
    /// The target tokens `[A, K]`, row-major, distinct within a row.
    public let tokens: [Int32]
    /// The target probabilities `[A, K]`, row-major. Each row sums to 1.
    public let shares: [Float]

    /// Creates the targets of an answer of A tokens. `tokens` and `shares` must have A · K elements.
    public init(answer: [Int], width: Int, tokens: [Int32], shares: [Float]) {
        precondition(
            tokens.count == answer.count * width && shares.count == tokens.count, "targets of an answer: [A, K]")
        self.answer = answer
        self.width = width
        self.tokens = tokens
        self.shares = shares
    }
}

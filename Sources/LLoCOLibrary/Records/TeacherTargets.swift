/// What a teacher holds likely at each token of an answer: its K likeliest tokens and their shares, of which the rest is
/// forgotten.
public struct TeacherTargets: Sendable, Equatable {
    /// What the loss takes a row
    package static let largestWidth = 128

    /// The answer with the token that ends it, [A]
    public let answer: [Int]
    /// K
    public let width: Int
    /// [A, K], row after row, distinct in a row
    public let tokens: [Int32]
    /// [A, K], row after row; those of a row sum up to 1
    public let shares: [Float]

    /// Targets of an answer of A tokens; `tokens` and `shares` have to have A · K elements.
    public init(answer: [Int], width: Int, tokens: [Int32], shares: [Float]) {
        precondition(
            tokens.count == answer.count * width && shares.count == tokens.count, "targets of an answer: [A, K]")
        self.answer = answer
        self.width = width
        self.tokens = tokens
        self.shares = shares
    }
}

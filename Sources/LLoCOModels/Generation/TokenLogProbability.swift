import Foundation

/// The log-probability of a generated token, and of the most likely tokens at its position.
public struct TokenLogProbability: Sendable, Equatable {
    /// A possible next token.
    public struct Candidate: Sendable, Equatable {
        /// The token id.
        public let id: Int
        /// The log-probability, in nats.
        public let logProbability: Double
    }

    /// The generated token.
    public let chosen: Candidate
    /// The most likely tokens in descending order, as many as requested.
    public let likeliest: [Candidate]

    /// Computes log-probabilities from logits [V], at temperature 1.
    ///
    /// - Parameter count: the number of most likely tokens
    init(of token: Int, among logits: [Float], likeliest count: Int) {
        let highest = Double(logits.max() ?? 0)
        let total = highest + log(logits.reduce(0.0) { $0 + exp(Double($1) - highest) })
        func candidate(_ id: Int) -> Candidate { Candidate(id: id, logProbability: Double(logits[id]) - total) }
        chosen = candidate(token)
        var best: [Int] = []
        if count > 0 {
            for id in logits.indices where best.count < count || logits[id] > logits[best[best.count - 1]] {
                let index = best.firstIndex { logits[$0] < logits[id] } ?? best.count
                best.insert(id, at: index)
                if best.count > count { best.removeLast() }
            }
        }
        likeliest = best.map(candidate)
    }
}

import Foundation

/// How likely the model held a token that was generated, and which others it held likely.
public struct TokenLogProbability: Sendable, Equatable {
    /// A token that could have followed
    public struct Candidate: Sendable, Equatable {
        /// Its id
        public let id: Int
        /// log p of it, nats
        public let logProbability: Double
    }

    /// The token that was chosen
    public let chosen: Candidate
    /// The likeliest, the first first; as many as were asked for
    public let likeliest: [Candidate]

    /// Of what scores [V] say, before any temperature.
    ///
    /// - Parameter count: how many of the likeliest
    init(of token: Int, among scores: [Float], likeliest count: Int) {
        let highest = Double(scores.max() ?? 0)
        let total = highest + log(scores.reduce(0.0) { $0 + exp(Double($1) - highest) })
        func candidate(_ id: Int) -> Candidate { Candidate(id: id, logProbability: Double(scores[id]) - total) }
        chosen = candidate(token)
        var best: [Int] = []
        if count > 0 {
            for id in scores.indices where best.count < count || scores[id] > scores[best[best.count - 1]] {
                let place = best.firstIndex { scores[$0] < scores[id] } ?? best.count
                best.insert(id, at: place)
                if best.count > count { best.removeLast() }
            }
        }
        likeliest = best.map(candidate)
    }
}

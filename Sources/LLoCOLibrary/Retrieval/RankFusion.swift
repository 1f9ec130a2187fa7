/// Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009): rankings are joined by rank, so their scores
/// need not be comparable.
package enum RankFusion {
    /// The constant of the paper: how little the first ranks stand out.
    package static let k = 60

    /// What a rank, from 1, is worth.
    package static func weight(rank: Int) -> Double { 1 / Double(k + rank) }

    /// The keys of all rankings with their summed weights, best first; of equal ones the smaller key.
    package static func fuse(_ rankings: [[Int64]]) -> [(key: Int64, score: Double)] {
        var scores: [Int64: Double] = [:]
        for ranking in rankings {
            for (index, key) in ranking.enumerated() { scores[key, default: 0] += weight(rank: index + 1) }
        }
        return scores.map { (key: $0.key, score: $0.value) }
            .sorted { $0.score != $1.score ? $0.score > $1.score : $0.key < $1.key }
    }

    /// Groups ranked by the weights of the ranks of their best few members; of equal ones the smaller key.
    ///
    /// - Parameter groups: the group of each member, best member first.
    package static func rankGroups(_ groups: [Int64], best: Int) -> [(key: Int64, score: Double)] {
        var scores: [Int64: (sum: Double, count: Int)] = [:]
        for (index, group) in groups.enumerated() {
            var entry = scores[group] ?? (0, 0)
            guard entry.count < best else { continue }
            entry.sum += weight(rank: index + 1)
            entry.count += 1
            scores[group] = entry
        }
        return scores.map { (key: $0.key, score: $0.value.sum) }
            .sorted { $0.score != $1.score ? $0.score > $1.score : $0.key < $1.key }
    }
}

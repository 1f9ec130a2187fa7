/// Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009). It merges rankings by rank, so their scores need
/// not be comparable.
package enum RankFusion {
    /// The paper's constant. A larger value reduces the advantage of the first ranks.
    package static let k = 60

    /// The weight of a rank, counted from 1.
    package static func weight(rank: Int) -> Double { 1 / Double(k + rank) }

    /// The keys of all rankings with the sums of their weights, best first. Of equal sums the smaller key is first.
    package static func fuse(_ rankings: [[Int64]]) -> [(key: Int64, score: Double)] {
        var scores: [Int64: Double] = [:]
        for ranking in rankings {
            for (index, key) in ranking.enumerated() { scores[key, default: 0] += weight(rank: index + 1) }
        }
        return scores.map { (key: $0.key, score: $0.value) }
            .sorted { $0.score != $1.score ? $0.score > $1.score : $0.key < $1.key }
    }

    /// Ranks groups by the summed weights of their best members. Of equal sums the smaller key is first.
    ///
    /// - Parameters:
    ///   - groups: the group of each member, best member first
    ///   - best: the maximum number of members that count for a group
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

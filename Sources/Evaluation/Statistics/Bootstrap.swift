import Models

/// Intervals and tests by resampling (Efron and Tibshirani 1993; Koehn 2004 for paired systems).
///
/// Questions about one document are not independent, so documents are what is drawn where there are enough of them to
/// draw from; of fewer than ``minimumClusters`` it is the questions.
package struct Bootstrap: Sendable {
    package static let minimumClusters = 10
    /// Draws: enough that an interval's ends move by less than a tenth of its width from seed to seed.
    package static let draws = 4000

    /// The questions that are drawn together, as indices.
    private let clusters: [[Int]]
    private let seed: UInt64

    /// - Parameter documents: of each question
    package init(documents: [String], seed: UInt64) {
        var order: [String: Int] = [:]
        var clusters: [[Int]] = []
        for (question, document) in documents.enumerated() {
            let cluster = order[document] ?? clusters.count
            if cluster == clusters.count {
                order[document] = cluster
                clusters.append([])
            }
            clusters[cluster].append(question)
        }
        self.clusters = clusters.count >= Self.minimumClusters ? clusters : documents.indices.map { [$0] }
        self.seed = seed
    }

    /// The 95 % percentile interval of a figure of resampled questions.
    ///
    /// - Parameter figure: of question indices, which may repeat
    package func interval(_ figure: ([Int]) -> Double) -> (low: Double, high: Double) {
        interval(of: clusters) { figure($0.flatMap { $0 }) }
    }

    /// A mean with its interval.
    package func mean(_ values: [Double]) -> EvaluationReport.Estimate {
        // A document's sum and count are all that a draw of it needs.
        let sums = clusters.map { (sum: $0.reduce(0) { $0 + values[$1] }, count: $0.count) }
        func mean(_ drawn: [(sum: Double, count: Int)]) -> Double {
            let (sum, count) = drawn.reduce((0.0, 0)) { ($0.0 + $1.sum, $0.1 + $1.count) }
            return sum / Double(max(1, count))
        }
        let (low, high) = interval(of: sums, mean)
        return .init(mean: mean(sums), low: low, high: high)
    }

    /// The interval of a figure of as many clusters, drawn with replacement; of fewer than two it is the figure itself.
    private func interval<Cluster>(
        of clusters: [Cluster], _ figure: ([Cluster]) -> Double
    ) -> (low: Double, high: Double) {
        guard clusters.count > 1 else {
            let only = figure(clusters)
            return (only, only)
        }
        var generator = SplitMix64(seed: seed)
        var values = (0..<Self.draws).map { _ in
            figure(clusters.map { _ in clusters[Int.random(in: clusters.indices, using: &generator)] })
        }
        values.sort()
        // Counted from both ends alike.
        let cut = Int((0.025 * Double(Self.draws)).rounded(.down))
        return (values[cut], values[Self.draws - 1 - cut])
    }

    /// The two-sided p of the mean difference being zero: the share of random signs of the clusters' differences that
    /// make it as large (paired permutation test), the differences as they are among them.
    package func permutationTest(_ differences: [Double]) -> Double {
        let sums = clusters.map { $0.reduce(0) { $0 + differences[$1] } }
        let observed = abs(sums.reduce(0, +))
        // Sums that differ by rounding alone count as equal.
        let tolerance = 1e-9 * max(1, sums.reduce(0) { $0 + abs($1) })
        var generator = SplitMix64(seed: seed)
        var extreme = 1
        for _ in 0..<Self.draws {
            var sum = 0.0
            for value in sums { sum += Bool.random(using: &generator) ? value : -value }
            if abs(sum) >= observed - tolerance { extreme += 1 }
        }
        return Double(extreme) / Double(Self.draws + 1)
    }
}

import LLoCOBase

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

    /// A mean with its interval.
    package func mean(_ values: [Double]) -> IntervalEstimate { estimate([values]) { $0[0] } }

    /// A figure of means with its 95 % percentile interval: what is drawn are the questions of all means at once. Of fewer
    /// than two clusters the interval is the figure itself.
    ///
    /// - Parameters:
    ///   - columns: values of the questions, which the means are of
    ///   - figure: of the columns' means
    package func estimate(_ columns: [[Double]], _ figure: ([Double]) -> Double) -> IntervalEstimate {
        // A document's sums and count are all that a draw of it needs.
        let sums = sums(columns)
        let counts = clusters.map { Double($0.count) }
        func mean(_ drawn: some Sequence<Int>) -> Double {
            var total = [Double](repeating: 0, count: columns.count)
            var count = 0.0
            for cluster in drawn {
                for column in columns.indices { total[column] += sums[cluster * columns.count + column] }
                count += counts[cluster]
            }
            return figure(total.map { $0 / max(1, count) })
        }
        let whole = mean(clusters.indices)
        guard clusters.count > 1 else { return .init(mean: whole, low: whole, high: whole) }
        var generator = SplitMix64(seed: seed)
        var drawn = [Int](repeating: 0, count: clusters.count)
        var values: [Double] = []
        for _ in 0..<Self.draws {
            for place in drawn.indices { drawn[place] = Int.random(in: clusters.indices, using: &generator) }
            values.append(mean(drawn))
        }
        values.sort()
        // Counted from both ends alike.
        let cut = Int((0.025 * Double(Self.draws)).rounded(.down))
        return .init(mean: whole, low: values[cut], high: values[Self.draws - 1 - cut])
    }

    /// The two-sided p of the mean difference being zero.
    package func permutationTest(_ differences: [Double]) -> Double {
        permutationTest([differences], [differences.map { _ in 0 }]) { $0[0] }
    }

    /// The two-sided p of two systems' figures being the same: the share of random exchanges of the clusters between the
    /// two that make the figures differ as much (paired permutation test), the systems as they are among them.
    ///
    /// - Parameters:
    ///   - first: columns of values of the questions
    ///   - figure: of the columns' means
    package func permutationTest(
        _ first: [[Double]], _ second: [[Double]], _ figure: ([Double]) -> Double
    ) -> Double {
        let width = first.count
        let (one, other) = (sums(first), sums(second))
        let count = Double(max(1, clusters.reduce(0) { $0 + $1.count }))
        func figures(_ isExchanged: (Int) -> Bool) -> (Double, Double) {
            // Each is summed for itself: what is zero stays so, which a cube root would blow up.
            var (left, right) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
            for cluster in clusters.indices {
                let exchanged = isExchanged(cluster)
                for column in 0..<width {
                    let place = cluster * width + column
                    left[column] += exchanged ? other[place] : one[place]
                    right[column] += exchanged ? one[place] : other[place]
                }
            }
            return (figure(left.map { $0 / count }), figure(right.map { $0 / count }))
        }
        let (left, right) = figures { _ in false }
        let observed = abs(left - right)
        // Figures that differ by rounding alone count as equal.
        let tolerance = 1e-9 * max(1, abs(left) + abs(right))
        var generator = SplitMix64(seed: seed)
        var extreme = 1
        for _ in 0..<Self.draws {
            let (left, right) = figures { _ in !Bool.random(using: &generator) }
            if abs(left - right) >= observed - tolerance { extreme += 1 }
        }
        return Double(extreme) / Double(Self.draws + 1)
    }

    /// The columns' sums over each cluster, a cluster after the other.
    private func sums(_ columns: [[Double]]) -> [Double] {
        clusters.flatMap { cluster in columns.map { values in cluster.reduce(0) { $0 + values[$1] } } }
    }
}

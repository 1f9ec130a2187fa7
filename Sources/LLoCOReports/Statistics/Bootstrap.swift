import LLoCOBase

/// Confidence intervals and tests by resampling (Efron and Tibshirani 1993; Koehn 2004 for paired systems).
///
/// Questions about one document are not independent, so documents are resampled. With fewer documents than
/// ``minimumClusters``, questions are resampled.
package struct Bootstrap: Sendable {
    /// Minimum number of documents to resample.
    package static let minimumClusters = 10
    /// Number of resamples: an interval's ends differ by less than a tenth of its width between seeds.
    package static let draws = 4000

    /// Indices of the questions that are drawn together.
    private let clusters: [[Int]]
    private let seed: UInt64

    /// - Parameter documents: the document of each question
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

    /// The mean with its interval.
    package func mean(_ values: [Double]) -> IntervalEstimate { estimate([values]) { $0[0] } }

    /// A function of means with its 95 % percentile interval. Each resample draws the same questions for all columns.
    /// With fewer than two clusters, both ends equal the figure.
    ///
    /// - Parameters:
    ///   - columns: values by question; each column has one mean
    ///   - figure: the function of the columns' means
    package func estimate(_ columns: [[Double]], _ figure: ([Double]) -> Double) -> IntervalEstimate {
        // Precomputed: a resample needs only the sums and counts of each document.
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
        // The same number of values is excluded at both ends.
        let cut = Int((0.025 * Double(Self.draws)).rounded(.down))
        return .init(mean: whole, low: values[cut], high: values[Self.draws - 1 - cut])
    }

    /// The two-sided p value of a mean difference of zero.
    package func permutationTest(_ differences: [Double]) -> Double {
        permutationTest([differences], [differences.map { _ in 0 }]) { $0[0] }
    }

    /// The two-sided p value of equal figures of two systems (paired permutation test): the share of random exchanges
    /// of clusters between the systems with at least the observed difference, including the identity.
    ///
    /// - Parameters:
    ///   - first: the first system's values by question; each column has one mean
    ///   - second: the second system's values
    ///   - figure: the function of the columns' means
    package func permutationTest(
        _ first: [[Double]], _ second: [[Double]], _ figure: ([Double]) -> Double
    ) -> Double {
        let width = first.count
        let (one, other) = (sums(first), sums(second))
        let count = Double(max(1, clusters.reduce(0) { $0 + $1.count }))
        func figures(_ isExchanged: (Int) -> Bool) -> (Double, Double) {
            // Summed separately, so that exact zeros stay zero: a cube root would amplify rounding errors.
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
        // Differences within rounding errors count as equal.
        let tolerance = 1e-9 * max(1, abs(left) + abs(right))
        var generator = SplitMix64(seed: seed)
        var extreme = 1
        for _ in 0..<Self.draws {
            let (left, right) = figures { _ in !Bool.random(using: &generator) }
            if abs(left - right) >= observed - tolerance { extreme += 1 }
        }
        return Double(extreme) / Double(Self.draws + 1)
    }

    /// The columns' sums over each cluster, `[clusters * columns]`.
    private func sums(_ columns: [[Double]]) -> [Double] {
        clusters.flatMap { cluster in columns.map { values in cluster.reduce(0) { $0 + values[$1] } } }
    }
}

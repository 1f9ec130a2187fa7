import Foundation
import LLoCOBase
import LLoCOReports
import Testing

@Suite struct BootstrapTests {
    private func normal(_ count: Int, seed: UInt64) -> [Double] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            let (u, v) = (Double.random(in: 1e-12..<1, using: &generator), Double.random(in: 0..<1, using: &generator))
            return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
        }
    }

    private func own(_ count: Int) -> [String] { (0..<count).map { "document \($0)" } }

    @Test func intervalsMatchTheNormalApproximation() {
        let values = normal(400, seed: 1).map { 50 + 10 * $0 }
        let estimate = Bootstrap(documents: own(400), seed: 7).mean(values)
        let mean = values.reduce(0, +) / 400
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400).squareRoot()
        #expect(abs(estimate.mean - mean) < 1e-9)
        let half = 1.96 * deviation / 20
        #expect(abs(estimate.high - mean - half) < 0.1 * half && abs(mean - estimate.low - half) < 0.1 * half)
    }

    /// In 200 samples, a 95 % interval contains the true mean about 190 times.
    @Test func coverage() {
        let held = (0..<200).filter { sample in
            let estimate = Bootstrap(documents: own(60), seed: 1).mean(normal(60, seed: 100 + UInt64(sample)))
            return estimate.low <= 0 && 0 <= estimate.high
        }.count
        #expect(178...198 ~= held, "\(held)")
    }

    @Test func questionsOfOneDocumentAreDrawnTogether() {
        // Twenty documents with ten equal scores each are equivalent to twenty questions.
        let scores = normal(20, seed: 3)
        let values = scores.flatMap { Array(repeating: $0, count: 10) }
        let documents = (0..<20).flatMap { Array(repeating: "document \($0)", count: 10) }
        let clustered = Bootstrap(documents: documents, seed: 1).mean(values)
        let naive = Bootstrap(documents: own(200), seed: 1).mean(values)
        let width = { (estimate: EvaluationReport.Estimate) in estimate.high - estimate.low }
        #expect(width(clustered) > 2.5 * width(naive))
        // With too few documents, questions are drawn.
        let few = Bootstrap(documents: (0..<200).map { "\($0 % 2)" }, seed: 1).mean(values)
        #expect(abs(width(few) - width(naive)) < 0.2 * width(naive))
    }

    @Test func columnsAreDrawnTogether() {
        let values = normal(100, seed: 4)
        let bootstrap = Bootstrap(documents: own(100), seed: 2)
        let mean = bootstrap.mean(values)
        // A figure of two means whose questions are drawn together.
        let sum = bootstrap.estimate([values, values.map { 2 * $0 }]) { $0[0] + $0[1] }
        #expect(abs(sum.low - 3 * mean.low) < 1e-9 && abs(sum.high - 3 * mean.high) < 1e-9)
        let product = bootstrap.estimate([values.map { $0 + 9 }, values.map { 9 - $0 }]) { $0[0] * $0[1] }
        let exact = 81 - mean.mean * mean.mean
        #expect(abs(product.mean - exact) < 1e-9 && product.high <= 81 && product.low < exact)
    }

    @Test func permutationTest() {
        let bootstrap = Bootstrap(documents: own(100), seed: 5)
        #expect(bootstrap.permutationTest(Array(repeating: 0, count: 100)) == 1)
        #expect(bootstrap.permutationTest(normal(100, seed: 6).map { $0 + 1 }) < 0.001)
        // Also for figures other than means: systems exchanged at random do not differ.
        let values = normal(200, seed: 9).map { exp($0) }
        let columns = [Array(values[..<100]), Array(values[100...])]
        #expect(bootstrap.permutationTest([columns[0]], [columns[1]]) { cbrt($0[0]) } > 0.01)
        #expect(bootstrap.permutationTest([columns[0]], [columns[1].map { 2 * $0 }]) { cbrt($0[0]) } < 0.01)
        // Without a difference, p is uniformly distributed.
        let small = (0..<200).filter { sample in
            Bootstrap(documents: own(40), seed: 1).permutationTest(normal(40, seed: 500 + UInt64(sample))) < 0.2
        }.count
        #expect(20...60 ~= small, "\(small)")
    }

    @Test func emptyAndSingleSamples() {
        #expect(Bootstrap(documents: [], seed: 1).mean([]) == .init(mean: 0, low: 0, high: 0))
        #expect(Bootstrap(documents: ["a"], seed: 1).mean([3]) == .init(mean: 3, low: 3, high: 3))
        #expect(Bootstrap(documents: ["a"], seed: 1).permutationTest([3]) > 0.9)
        #expect(Bootstrap(documents: [], seed: 1).permutationTest([]) == 1)
    }

    @Test func equalSeedsGiveEqualIntervals() {
        let values = normal(50, seed: 8)
        #expect(
            Bootstrap(documents: own(50), seed: 3).mean(values) == Bootstrap(documents: own(50), seed: 3).mean(values))
    }
}

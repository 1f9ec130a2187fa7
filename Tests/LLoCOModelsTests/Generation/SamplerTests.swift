import Foundation
import LLoCOModels
import LLoCOTorch
import Testing

@Suite struct SamplerTests {
    /// Probabilities of 0.1, 0.4, 0.3, 0.2 and 0.
    private let probabilities = [0.1, 0.4, 0.3, 0.2, 0]
    private let scores: Tensor

    init() throws {
        scores = try Tensor(probabilities.map { Float(log($0)) + 3 })
    }

    private func draws(_ count: Int, _ options: SamplingOptions) throws -> [Int] {
        var sampler = Sampler(options)
        return try (0..<count).map { _ in try sampler.next(scores) }
    }

    private func shares(_ draws: [Int]) -> [Double] {
        probabilities.indices.map { token in Double(draws.count { $0 == token }) / Double(draws.count) }
    }

    @Test func greedyTakesTheMostLikely() throws {
        #expect(try draws(3, .greedy) == [1, 1, 1])
        #expect(try draws(3, .init(temperature: 0, seed: 5)) == [1, 1, 1])
    }

    @Test(arguments: [1e-2, 1e-6, Double.leastNonzeroMagnitude]) func lowTemperatureIsGreedy(_ temperature: Double)
        throws
    {
        #expect(try Set(draws(200, .init(temperature: temperature))) == [1])
    }

    @Test(arguments: [0.5, 1, 2]) func drawsFollowTheProbabilities(_ temperature: Double) throws {
        let weights = probabilities.map { pow($0, 1 / temperature) }
        let total = weights.reduce(0, +)
        let shares = shares(try draws(20_000, .init(temperature: temperature, seed: 11)))
        for (share, weight) in zip(shares, weights) {
            let expected = weight / total
            // Five standard errors; the seed is fixed.
            #expect(abs(share - expected) <= 5 * (expected * (1 - expected) / 20_000).squareRoot())
        }
    }

    @Test(arguments: [
        (0.05, [1]), (0.39, [1]), (0.41, [1, 2]), (0.69, [1, 2]), (0.75, [1, 2, 3]), (0.95, [0, 1, 2, 3]),
    ])
    func topPKeepsTheMostLikely(_ topP: Double, _ kept: [Int]) throws {
        // Sums such as 0.4 + 0.3 are not exact in binary: thresholds are only near them.
        let shares = shares(try draws(4_000, .init(temperature: 1, topP: topP, seed: 3)))
        let total = kept.map { probabilities[$0] }.reduce(0, +)
        for (token, share) in shares.enumerated() {
            let expected = kept.contains(token) ? probabilities[token] / total : 0
            #expect(abs(share - expected) <= 5 * (expected * (1 - expected) / 4_000).squareRoot())
        }
    }

    @Test func seedDeterminesTheSamples() throws {
        let first = try draws(64, .init(temperature: 1, seed: 1))
        #expect(try draws(64, .init(temperature: 1, seed: 1)) == first)
        #expect(try draws(64, .init(temperature: 1, seed: 2)) != first)
    }

    @Test func logitsOfAnyDTypeAndSize() throws {
        var sampler = Sampler(try .init(temperature: 1))
        let only = try sampler.next(Tensor([2.5]).to(.bfloat16))
        #expect(only == 0)
        let highest = try sampler.next(Tensor([1e30, -1e30, 1e30]).to(.float32))
        #expect(highest != 1)
    }

    @Test(arguments: [0, 1.0]) func nonFiniteLogitsAreRefused(_ temperature: Double) throws {
        var sampler = Sampler(try .init(temperature: temperature, topP: 0.9))
        for bad in [[Float.nan, .nan], [0, .nan, 1], [.infinity, 0], [-.infinity, -.infinity]] {
            #expect(fault(ModelError.self) { _ = try sampler.next(Tensor(bad)) }.contains("not finite"))
        }
        // A logit of -infinity is valid.
        #expect(try sampler.next(Tensor([-Float.infinity, 1])) == 1)
    }

    @Test func optionsAreChecked() {
        for temperature in [-0.1, .nan, .infinity] {
            #expect(
                fault(ModelError.self) { _ = try SamplingOptions(temperature: temperature) }.contains("temperature"))
        }
        for topP in [0, -1, 1.01, Double.nan] {
            #expect(fault(ModelError.self) { _ = try SamplingOptions(temperature: 1, topP: topP) }.contains("top-p"))
        }
    }
}

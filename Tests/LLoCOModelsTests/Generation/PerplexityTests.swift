import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

@Suite struct PerplexityTests {
    private let model: LanguageModel

    init() throws {
        model = try LanguageModel(path: TestFiles.fixtures.appending(path: "llama-rope3"), dtype: .float32)
    }

    private func ids(_ count: Int) -> [Int] {
        var generator = SplitMix64(seed: 3)
        return (0..<count).map { _ in Int.random(in: 0..<model.configuration.vocabularySize, using: &generator) }
    }

    /// Also with more than one block of positions.
    @Test(arguments: [2, 3, 256, 257, 258, 600]) func isTheSumOverTheTokens(_ count: Int) throws {
        let ids = ids(count)
        let logs = try model.decoder.scores(ids).to(.float64).logSoftmax(-1)[0..<count - 1]
        let targets = try Tensor(Array(ids.dropFirst()), shape: [count - 1, 1])
        let expected = try -logs.gathered(1, targets).sum().item()
        let found = try model.negativeLogLikelihood(of: ids)
        #expect(abs(found - expected) < 1e-5 * expected)
    }

    @Test func fewerThanTwoTokensGiveZero() throws {
        #expect(try model.negativeLogLikelihood(of: []) == 0)
        #expect(try model.negativeLogLikelihood(of: [5]) == 0)
    }

    @Test func longerTextsThanTheWindowAreRefused() throws {
        try withFixture("llama-rope3", configuration: ["max_position_embeddings": 20]) { folder in
            let model = try LanguageModel(path: folder, dtype: .float32)
            #expect(try model.negativeLogLikelihood(of: ids(20)) > 0)
            let line = fault(ModelError.self) { _ = try model.negativeLogLikelihood(of: ids(21)) }
            #expect(line.contains("21 tokens") && line.contains("20"))
        }
    }

    @Test func invalidIdsAreNamed() throws {
        #expect(fault(ModelError.self) { _ = try model.negativeLogLikelihood(of: [1, 288, 2]) }.contains("288"))
        _ = fault(ModelError.self) { _ = try model.negativeLogLikelihood(of: [-1, 2, 3]) }
        // The last token is only a target.
        #expect(fault(ModelError.self) { _ = try model.negativeLogLikelihood(of: [1, 2, 288]) }.contains("288"))
    }

    @Test func adapterIsApplied() throws {
        let ids = ids(10)
        let adapter = try Adapter(for: model.decoder, rank: 2, alpha: 2, dropout: 0)
        for parameter in adapter.parameters { try parameter.fill(0.05) }
        let plain = try model.negativeLogLikelihood(of: ids)
        let adapted = try model.negativeLogLikelihood(of: ids, adapters: ActiveAdapters([adapter]))
        #expect(abs(plain - adapted) > 1e-3 * plain)
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Documents' vectors in a model with some sliding-window layers: only layers without a window have the vectors, but
/// their positions count in all layers. Compared with our reference implementation.
@Suite struct GlobalLayersTests {
    private let folder = TestFiles.fixtures.appending(path: "families/gemma3")
    private let decoder: Llama
    private let reference: ReferenceGemma
    private let ids: [Int]

    init() throws {
        decoder = try Llama(CheckpointLoader.open(folder), configuration: LlamaConfiguration(at: folder))
        reference = try ReferenceGemma(folder)
        ids = try #require(try Expected<[String: FamilyTests.Values]>("families").values["gemma3"]).ids
    }

    /// The reference implementation matches transformers.
    @Test func referenceMatchesTransformers() throws {
        let expected = try Expected<[String: FamilyTests.Values]>("families").tensor("gemma3.logits")
        try expect(Tensor(reference.scores(ids.map { .token($0) }), shape: expected.shape), near: expected)
    }

    /// Inputs: tokens, vectors of a text, then more tokens than the window of 12. The vectors are all or some of the
    /// text's, at their original or other positions.
    static let inputs: [(before: Int, kept: [Int])] = [
        (0, Array(0..<20)), (0, [2, 3, 11, 19]), (5, [17, 4]), (9, Array(6..<15)), (3, [0]),
    ]

    @Test(arguments: inputs) func vectorsBetweenTokens(before: Int, kept: [Int]) throws {
        let (text, first, rest) = (Array(ids[..<20]), Array(ids[20..<20 + before]), Array(ids[18...]))
        let elements =
            first.map { ReferenceGemma.Element.token($0) } + kept.map { .vector(position: $0) }
            + rest.map { .token($0) }
        let all = try Tensor(
            reference.scores(elements, text: text), shape: [before + rest.count, decoder.configuration.vocabularySize])
        let expected = try all[before..<before + rest.count]
        try withoutGradients {
            let read = context()
            _ = try decoder.hiddenStates(decoder.embed(text), cache: read)
            let rows = try decoder.keysAndValues(of: read, last: text.count).indexSelected(1, Tensor(kept))
            func cache() throws -> KeyValueCache {
                let cache = context()
                if before > 0 { _ = try decoder.hiddenStates(decoder.embed(first), cache: cache) }
                try decoder.append(rows, to: cache)
                return cache
            }
            let whole = try decoder.logits(decoder.hiddenStates(decoder.embed(rest), cache: cache()))[0]
            try expect(whole, near: expected)
            let pieces = try decoder.scores(decoder.embed(rest)[0], pieces: [3, 1, rest.count - 4], cache: cache())
            try expect(pieces, near: expected)
            // Step by step, with the model's weights and with quantized ones, whose 8 bits cost up to 6e-2 here.
            for (weights, tolerance) in [(nil, Tolerance.of(.float32)), (QuantizedWeight.Bits.eight, 0.1)] {
                let session = try DecodeSession(decoder, cache: cache(), weights: weights)
                #expect(session.isQuantized == (weights != nil))
                let steps = try Tensor.concatenated(rest.map { try session.step($0).unsqueezed(0).cloned() })
                try expect(steps, near: expected, tolerance: tolerance)
            }
        }
    }

    private func context() -> KeyValueCache { KeyValueCache(layerCount: decoder.configuration.layerCount) }
}

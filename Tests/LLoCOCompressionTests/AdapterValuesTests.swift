import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTorch
import Testing

@Suite struct AdapterValuesTests {
    /// An adapter initialized from another computes the same, whatever the other's scale.
    @Test func takeValuesPreservesTheScale() throws {
        let fixture = try CompressorFixture()
        let decoder = fixture.decoder
        var checkpoint = try fixture.adapter().checkpoint()
        func fresh() throws -> Adapter { try Adapter(for: decoder, rank: 4, alpha: 8, dropout: 0) }
        func scores(_ adapter: Adapter) throws -> Tensor {
            try withoutGradients {
                try decoder.logits(
                    decoder.hiddenStates(decoder.embed(fixture.values.question), adapters: ActiveAdapters([adapter])))
            }
        }
        let plain = try Adapter(checkpoint, for: decoder)
        let same = try fresh()
        #expect(try same.takeValues(of: plain))
        #expect(try same.parameters.map { try $0.bytes() } == plain.parameters.map { try $0.bytes() })

        checkpoint.configuration.isRankStabilized = true
        checkpoint.configuration.alphaPattern = [.init(suffix: "layers.1.self_attn.v_proj", value: 1.5)]
        let scaled = try Adapter(checkpoint, for: decoder)
        let taken = try fresh()
        #expect(try taken.takeValues(of: scaled))
        let (found, reference) = (try scores(taken), try scores(scaled))
        let error = try (found - reference).norm().item() / reference.norm().item()
        #expect(error < 1e-5)
        #expect(try (found - scores(plain)).norm().item() > 0.01 * reference.norm().item())

        // Another alpha is refused, and so is another rank of one layer.
        checkpoint.configuration.alpha = 4
        #expect(try !fresh().takeValues(of: Adapter(checkpoint, for: decoder)))
        let target = AdapterTarget(layer: 0, module: .query)
        checkpoint.configuration.alpha = 8
        checkpoint.weights[target]?.a = try .zeros([2, 48])
        checkpoint.weights[target]?.b = try .zeros([48, 2])
        let untouched = try fresh()
        let before = try untouched.parameters.map { try $0.bytes() }
        #expect(try !untouched.takeValues(of: Adapter(checkpoint, for: decoder)))
        #expect(try untouched.parameters.map { try $0.bytes() } == before)
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Adapters written by PEFT, compared with PEFT's logits.
@Suite struct PEFTAdapterTests {
    private struct Values: Decodable {
        let ids: [Int]
    }

    private let expected: Expected<Values>
    private let model: Llama

    init() throws {
        expected = try Expected("adapters")
        model = try LanguageModel(path: TestFiles.fixtures.appending(path: "llama-linear"), dtype: .float32).decoder
    }

    private func adapter(_ name: String) throws -> Adapter {
        try Adapter(
            AdapterCheckpoint.read(TestFiles.fixtures.appending(path: "adapters/\(name)"), as: .float32), for: model)
    }

    @Test(arguments: ["rslora", "patterns", "layers", "named"]) func logits(_ name: String) throws {
        let adapter = try adapter(name)
        let reference = try expected.tensor(name)
        try expect(model.scores(expected.values.ids, adapters: ActiveAdapters([adapter])), near: reference)
        // Frozen as for answering, and as stored.
        let frozen = try adapter.frozen(as: .float32, device: .cpu)
        try expect(model.scores(expected.values.ids, adapters: ActiveAdapters([frozen])), near: reference)
        let stored = try adapter.checkpoint().encoded()
        let again = try Adapter(
            AdapterCheckpoint(configuration: stored.configuration, weights: stored.weights, name: name), for: model)
        try expect(model.scores(expected.values.ids, adapters: ActiveAdapters([again])), near: reference)
        #expect(try relativeError(model.scores(expected.values.ids), reference) > 0.01)
    }
}

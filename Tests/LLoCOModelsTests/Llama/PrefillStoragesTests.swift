import LLoCOCheckpoints
import LLoCOModels
import LLoCOTorch
import Testing

/// The number of storages that a prefill allocates: it depends only on the model.
@Suite struct PrefillStoragesTests {
    let tiny: TinyModel
    let model: Llama

    init() throws {
        tiny = try TinyModel(hiddenSize: 64, headSize: 16)
        model = try tiny.load()
        // The first forward pass computes the table of rotary angles.
        _ = try storages(length: 1, .none)
    }

    /// The storages of a prefill into an empty cache and of the next token's logits.
    private func storages(length: Int, _ adapters: ActiveAdapters) throws -> Int {
        let ids = tiny.ids(length)
        let cache = KeyValueCache(layerCount: 2)
        return try Runtime.storagesMade {
            _ = try withoutGradients {
                try model.logits(model.hiddenStates(model.embed(ids), cache: cache, adapters: adapters, last: 1))
            }
        }
    }

    /// Two layers; adapter matrices are not copied.
    @Test(arguments: Runtime.kernelSets, [(0, 28), (1, 36), (2, 36)])
    func storageCountDoesNotDependOnLength(_ kernels: String, _ of: (adapters: Int, bound: Int)) throws {
        let adapters = try (0..<of.adapters).map {
            try Adapter(tiny.adapter(seed: UInt64(2 + $0), modules: AdapterModule.allCases), for: model)
        }
        let counts = try Runtime.withKernels(of: kernels) {
            try [3, 20, 64, 65, 300, 500].map { try storages(length: $0, ActiveAdapters(adapters)) }
        }
        #expect(counts.allSatisfy { $0 == counts[0] && $0 <= of.bound }, "\(counts)")
    }
}

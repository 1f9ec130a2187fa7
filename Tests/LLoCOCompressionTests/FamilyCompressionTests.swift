import Foundation
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Compression with model families other than Llama.
@Suite struct FamilyCompressionTests {
    static let names = [
        "qwen3", "gemma3", "smollm3", "mistral", "ministral3", "phi3", "phi4-mini", "olmo2", "granite", "yarn",
        "dynamic",
    ]

    @Test(arguments: names) func everyMethodMakesUsableVectors(_ name: String) throws {
        let folder = TestFiles.fixtures.appending(path: "families/\(name)")
        let decoder = try Llama(CheckpointLoader.open(folder), configuration: LlamaConfiguration(at: folder))
        let size = decoder.configuration.hiddenSize
        for scheme in CompressionScheme.everyMethod {
            let learned = try (Tensor.arange(0, Double(scheme.learnedRows * size)) * 0.37).sin()
                .reshaped([scheme.learnedRows, size])
            let compressor = try Compressor(decoder: decoder, embedSummary: learned, adapter: nil, scheme: scheme)
            try withoutGradients {
                let vectors = try compressor.compress(Array(3..<47))
                let rows = try vectors.rows
                #expect(
                    try rows.isAllFinite() && rows.size(0) > 6 && rows.size(1) == compressor.vectorSize, "\(scheme)")
                let cache = try compressor.context(vectors, adapters: .none)
                let states = try decoder.hiddenStates(decoder.embed([5, 6, 7]), cache: cache)
                #expect(try states.isAllFinite(), "\(scheme)")
            }
        }
    }
}

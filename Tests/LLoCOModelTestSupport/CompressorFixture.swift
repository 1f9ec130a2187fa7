package import Foundation
package import LLoCOCheckpoints
package import LLoCOCompression
package import LLoCOModels
import LLoCOTestSupport
package import LLoCOTorch

/// The values of `Fixtures/expected/autocompressor.json`, with their model.
package struct CompressorFixture {
    package struct Values: Decodable {
        package struct Example: Decodable {
            package let question: [Int]
            package let answer: [Int]
            package let loss: Double
        }

        package struct Batch: Decodable {
            package let examples: [Example]
            package let lossMeanOfTokens: Double
            package let lossMeanOfExamples: Double
        }

        package struct Optimizer: Decodable {
            package let lr: Double
            package let clipNorm: Double
            package let losses: [Double]
            package let gradientNorms: [Double]
        }

        package struct Training: Decodable {
            package let row: [Int]
            package let substeps: [[Int]]
            package let losses: [Double]
        }

        package let segmentTokens: Int
        package let summaryTokens: Int
        package let eos: Int
        package let document: [Int]
        package let question: [Int]
        package let questionGreedy: [Int]
        package let answer: [Int]
        package let answerLoss: Double
        package let batch: Batch
        package let adamw: Optimizer
        package let training: Training
    }

    package let values: Values
    package let tensors: SafetensorsCheckpoint
    package let model: LanguageModel
    package let embedSummary: Tensor

    package var decoder: Llama { model.decoder }

    /// The loaded fixture, shared by all tests; it is immutable.
    private static let read = Result { try Self(from: TestFiles.fixtures) }

    package init() throws { self = try Self.read.get() }

    private init(from fixtures: URL) throws {
        let expected = fixtures.appending(path: "expected")
        values = try JSONDecoder.snakeCase.decode(
            Values.self, from: Data(contentsOf: expected.appending(path: "autocompressor.json")))
        tensors = try SafetensorsCheckpoint(expected.appending(path: "autocompressor.safetensors"))
        model = try LanguageModel(path: TestFiles.autocompressor, dtype: .float32)
        embedSummary = try model.checkpoint.tensor("embed_summary.weight", as: .float32)
    }

    package func adapter() throws -> Adapter {
        try Adapter(AdapterCheckpoint.read(TestFiles.adapter, as: .float32), for: decoder)
    }

    package func scheme(_ carry: CompressionScheme.Carry = .accumulated) -> CompressionScheme {
        CompressionScheme(segmentTokens: values.segmentTokens, summaryTokens: values.summaryTokens, carry: carry)
    }

    package func compressor(
        _ carry: CompressionScheme.Carry = .accumulated, adapter: Adapter? = nil
    ) throws -> Compressor {
        try Compressor(decoder: decoder, embedSummary: embedSummary, adapter: adapter, scheme: scheme(carry))
    }

    package func vectors() throws -> Tensor { try tensors.tensor("vectors.accumulate", as: .float32) }

    /// The reference's names of an adapter's matrices, in the order of `Adapter.parameters`.
    package static func names(of adapter: Adapter) -> [String] {
        adapter.pairs.keys.sorted().flatMap { ["\($0.path).lora_A.weight", "\($0.path).lora_B.weight"] }
    }
}

extension JSONDecoder {
    /// Decodes the generator's names, such as `answer_loss`, to Swift's.
    package static var snakeCase: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCOTestSupport
import LLoCOTorch

/// The expected values of a fixture: `expected/NAME.json` and `expected/NAME.safetensors`.
struct Expected<Values: Decodable> {
    let values: Values
    private let tensors: SafetensorsCheckpoint

    init(
        _ name: String, as type: Values.Type = Values.self,
        in folder: URL = TestFiles.fixtures.appending(path: "expected")
    ) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        values = try decoder.decode(Values.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
        tensors = try SafetensorsCheckpoint(folder.appending(path: "\(name).safetensors"))
    }

    func tensor(_ name: String) throws -> Tensor { try tensors.tensor(name, as: .float32) }
}

/// The expected values of `llama-rope3` and `llama-linear`.
struct LlamaValues: Decodable {
    let ids: [Int]
    let softIds: [Int]
    let greedyPrompt: [Int]
    let greedyIds: [Int]
    let cachedIds: [Int]
    let cachedPieces: [Int]
    let batchRows: [[Int]]
    let batchRightIds: [[Int]]
    let batchRightMask: [[Int]]
    let batchLeftIds: [[Int]]
    let batchLeftMask: [[Int]]
}

/// The expected values of the files in `gguf`.
struct GGUFValues: Decodable {
    let ids: [Int]
    let greedyPrompt: [Int]
    let greedyIds: [String: [Int]]
}

/// The expected values of `autocompressor`.
struct CompressorValues: Decodable {
    let question: [Int]
    let questionGreedy: [Int]
    let adapterQuestionGreedy: [Int]

    private enum CodingKeys: String, CodingKey {
        case question, questionGreedy
        case adapterQuestionGreedy = "adapter.questionGreedy"
    }
}

struct BertValues: Decodable {
    struct Text: Decodable {
        let text: String
        let ids: [Int]
    }

    let texts: [Text]
}

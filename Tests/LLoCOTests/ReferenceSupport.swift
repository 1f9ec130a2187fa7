import Foundation
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOModels
import LLoCOTorch
import TestSupport
import Testing

/// Where the reference models and values are.
enum Reference {
    /// Tiny models with the values of public implementations; another seed's where the environment names them.
    static let fixtures = environment("LLOCO_FIXTURES") ?? packageRoot.appending(path: "Fixtures")

    static let golden =
        environment("LLOCO_GOLDEN") ?? packageRoot.deletingLastPathComponent().appending(path: "shared/golden")
    static let hasGolden = exists(golden.appending(path: "tiny/expected.json"))

    static let dependencies = environment("LLOCO_DEPS") ?? packageRoot.appending(path: ".deps")
    /// The default model; nil where it has not been fetched.
    static let defaultModel: URL? = {
        let folder = dependencies.appending(path: "models/smollm2-135m-instruct")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().first { $0.hasSuffix(".gguf") }.map { folder.appending(path: $0) }
    }()

    static var autocompressor: URL { fixtures.appending(path: "autocompressor") }
    static var adapter: URL { autocompressor.appending(path: "adapter") }
    static var embedder: URL { fixtures.appending(path: "bert") }

    /// float32 against float32 with another order of summation
    static let tolerance = 1e-4

    private static func environment(_ name: String) -> URL? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
    }

    static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
}

/// `Fixtures/expected/autocompressor.json`, with the model that it is of.
struct CompressorFixture {
    struct Values: Decodable {
        struct Example: Decodable {
            let question: [Int]
            let answer: [Int]
            let loss: Double
        }

        struct Batch: Decodable {
            let examples: [Example]
            let lossMeanOfTokens: Double
            let lossMeanOfExamples: Double
        }

        struct Optimizer: Decodable {
            let lr: Double
            let clipNorm: Double
            let losses: [Double]
            let gradientNorms: [Double]
        }

        struct Training: Decodable {
            let row: [Int]
            let substeps: [[Int]]
            let losses: [Double]
        }

        let segmentTokens: Int
        let summaryTokens: Int
        let eos: Int
        let document: [Int]
        let question: [Int]
        let questionGreedy: [Int]
        let answer: [Int]
        let answerLoss: Double
        let batch: Batch
        let adamw: Optimizer
        let training: Training
    }

    let values: Values
    let tensors: SafetensorsCheckpoint
    let model: LanguageModel
    let embedSummary: Tensor

    var decoder: Llama { model.decoder }

    init() throws {
        let expected = Reference.fixtures.appending(path: "expected")
        values = try JSONDecoder.snakeCase.decode(
            Values.self, from: Data(contentsOf: expected.appending(path: "autocompressor.json")))
        tensors = try SafetensorsCheckpoint(expected.appending(path: "autocompressor.safetensors"))
        model = try LanguageModel(path: Reference.autocompressor, dtype: .float32)
        embedSummary = try model.checkpoint.tensor("embed_summary.weight", as: .float32)
    }

    func adapter() throws -> Adapter {
        try Adapter(AdapterCheckpoint.read(Reference.adapter, as: .float32), for: decoder)
    }

    func scheme(_ carry: CompressionScheme.Carry = .accumulated) -> CompressionScheme {
        CompressionScheme(segmentTokens: values.segmentTokens, summaryTokens: values.summaryTokens, carry: carry)
    }

    func compressor(
        _ carry: CompressionScheme.Carry = .accumulated, adapter: Adapter? = nil
    ) throws -> Compressor {
        try Compressor(decoder: decoder, embedSummary: embedSummary, adapter: adapter, scheme: scheme(carry))
    }

    func vectors() throws -> Tensor { try tensors.tensor("vectors.accumulate", as: .float32) }

    /// The reference's name of each of an adapter's matrices, in the order of `Adapter.parameters`.
    static func names(of adapter: Adapter) -> [String] {
        adapter.pairs.keys.sorted().flatMap { ["\($0.path).lora_A.weight", "\($0.path).lora_B.weight"] }
    }
}

/// The Euclidean distance of two tensors as a share of the reference's norm; infinite where shapes differ.
func relativeError(_ found: Tensor, _ reference: Tensor) throws -> Double {
    guard found.shape == reference.shape else { return .infinity }
    let (a, b) = (try found.detached().array(of: Float.self), try reference.array(of: Float.self))
    let distance = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let norm = b.reduce(0.0) { $0 + Double($1) * Double($1) }
    // A value that is not finite compares as no value at all.
    return distance.isFinite ? (distance / max(norm, 1e-30)).squareRoot() : .infinity
}

func relativeError(_ found: Double, _ reference: Double) -> Double { abs(found - reference) / abs(reference) }

/// The one-line message of the error that `body` throws; nil where it throws none.
func message(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return oneLine(error)
    }
}

/// The same of what takes its time.
func laterMessage(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch {
        return oneLine(error)
    }
}

private func oneLine(_ error: any Error) -> String {
    let text = "\(error)"
    #expect(!text.contains("\n"), "one line: \(text)")
    #expect(!text.isEmpty)
    return text
}

extension LoadedModel {
    /// The tiny AutoCompressor with the tiny encoder: segments of 20 tokens, 3 vectors each.
    static func tiny(
        template: TemplateChoice = .plain, segmentTokens: Int = 20, adapters: [URL] = []
    ) throws -> LoadedModel {
        var options = LoadedModel.Options(model: Reference.autocompressor)
        options.adapters = adapters
        options.embedder = Reference.embedder
        options.dtype = .float32
        options.segmentTokens = segmentTokens
        options.template = template
        return try LoadedModel.load(options)
    }
}

extension QuestionSet {
    /// Questions about river.txt, numbered, of which a text can be made to hold the answers or not.
    static func river(_ count: Int) -> QuestionSet {
        QuestionSet(documents: [
            QuestionDocument(
                id: "river", title: "river.txt", document: nil,
                questions: (0..<count).map {
                    Question(id: "\($0)", text: "What is item \($0)?", answers: ["The river \($0)."])
                })
        ])
    }
}

extension JSONDecoder {
    /// Reads the generator's names, such as `answer_loss`, as Swift's.
    static var snakeCase: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}

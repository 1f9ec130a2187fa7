import Foundation
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import LLoCOTraining
import Testing

/// Compares the system with `golden/tiny`: an AutoCompressor in pickled shards, and an adapter written by PEFT.
@Suite(.enabled(if: TestFiles.hasGolden, "no reference values: see Fixtures/README.md, LLOCO_GOLDEN"))
struct CompressorGoldenTests {
    struct Values: Decodable {
        struct AutoCompressor: Decodable {
            struct Optimizer: Decodable {
                let lr: Double
                let clipNorm: Double
            }

            let segmentTokens: Int
            let summaryTokens: Int
            let document: [Int]
            let question: [Int]
            let answer: [Int]
            let answerLoss: Double
            let lossOver10AdamwSteps: [Double]
            let adamw: Optimizer
        }

        let autocompressor: AutoCompressor
    }

    let values: Values.AutoCompressor
    let tensors: SafetensorsCheckpoint
    let model: LoadedModel
    let tiny = TestFiles.golden.appending(path: "tiny")

    init() throws {
        let file = tiny.appending(path: "expected.json")
        values = try JSONDecoder.snakeCase.decode(Values.self, from: Data(contentsOf: file))
            .autocompressor
        tensors = try SafetensorsCheckpoint(tiny.appending(path: "expected.safetensors"))
        var options = LoadedModel.Options(model: tiny.appending(path: "autocompressor"))
        options.dtype = .float32
        options.segmentTokens = values.segmentTokens
        model = try LoadedModel.load(options)
    }

    func adapter() throws -> Adapter {
        try Adapter(
            AdapterCheckpoint.read(tiny.appending(path: "lloco-adapter"), as: .float32),
            for: model.languageModel.decoder)
    }

    /// The question's logits after the compressed document.
    private func questionLogits(_ adapters: ActiveAdapters) throws -> Tensor {
        let decoder = model.languageModel.decoder
        return try withoutGradients {
            let vectors = try model.compressor.compress(values.document).rows
            let prompt = try Tensor.concatenated([vectors, decoder.embed(values.question)[0]]).unsqueezed(0)
            let logits = try decoder.logits(decoder.hiddenStates(prompt, adapters: adapters))[0]
            return try logits.narrowed(0, start: vectors.size(0), length: values.question.count)
        }
    }

    @Test func vectorsAndLogitsMatchTheReference() throws {
        let compressor = model.compressor
        #expect(compressor.scheme.summaryTokens == values.summaryTokens)
        #expect(compressor.scheme.carry == .accumulated)
        let vectors = try compressor.compress(values.document).rows
        #expect(
            try relativeError(vectors, tensors.tensor("autocompressor.vectors", as: .float32)) < referenceTolerance)
        #expect(
            try relativeError(questionLogits(.none), tensors.tensor("autocompressor.question_logits", as: .float32))
                < referenceTolerance)
        #expect(
            try relativeError(
                questionLogits(ActiveAdapters([adapter()])), tensors.tensor("lloco.question_logits", as: .float32))
                < referenceTolerance)
    }

    @Test func trainingMatchesTheReference() throws {
        let adapter = try adapter()
        var recipe = FinetuningRecipe()
        recipe.learningRate = values.adamw.lr
        recipe.clipNorm = values.adamw.clipNorm
        recipe.dropout = 0
        recipe.warmupShare = 0
        recipe.decay = .constant
        recipe.epochs = values.lossOver10AdamwSteps.count
        let end = try #require(model.languageModel.configuration.eosTokenIDs.first)
        let example = FinetuningExample(document: 0, prompt: values.question, answer: values.answer + [end])
        let vectors = try SegmentVectors(rows: tensors.tensor("autocompressor.vectors", as: .float32))
        let finetuner = try Finetuner(
            decoder: model.languageModel.decoder, adapter: adapter, recipe: recipe, documents: [vectors],
            examples: [example],
            seed: 0)
        let sum = try finetuner.backward([example], about: vectors, scale: 1 / Double(example.answer.count))
        #expect(relativeError(sum / Double(example.answer.count), values.answerLoss) < referenceTolerance)
        for (parameter, name) in zip(adapter.parameters, CompressorFixture.names(of: adapter)) {
            let gradient = try #require(try parameter.gradient)
            #expect(
                try relativeError(gradient, tensors.tensor("lloco.grad.\(name)", as: .float32)) < referenceTolerance,
                "\(name)")
            try parameter.clearGradient()
        }
        let losses = try values.lossOver10AdamwSteps.map { _ in try finetuner.step().loss }
        for (loss, reference) in zip(losses, values.lossOver10AdamwSteps) {
            #expect(relativeError(loss, reference) < 1e-3)
        }
    }
}

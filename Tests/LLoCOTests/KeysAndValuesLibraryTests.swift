import Foundation
import LLoCO
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import LLoCOTraining
import Testing

/// A library whose vectors are keys and values: adding, answering, fine-tuning.
@Suite(.seeded) struct KeysAndValuesLibraryTests {
    let model: LoadedModel
    let compressor: Compressor

    init() throws {
        let fixture = try CompressorFixture()
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 3, carry: .accumulated,
            method: .summary(SummaryVectors(.picked, adapterScope: .summaries)))
        compressor = try Compressor(
            decoder: fixture.decoder, embedSummary: fixture.embedSummary[0..<1], adapter: fixture.adapter(),
            scheme: scheme)
        model = LoadedModel(
            model: fixture.model, modelIdentity: "model", compressor: (compressor, "compressor"),
            embedder: try LoadedModel.tiny().embedder, template: .plain)
    }

    @Test func keysAndValuesServeAnswersAndTraining() async throws {
        let library = try SQLiteLibrary.inMemory()
        let text = Sample.text("river", paragraphs: 1)
        let added = try await model.add(text: text, path: "/river.txt", group: "g", to: library)
        #expect(added.vectors > 0)
        let stored = try await library.storedVectors(of: added.document.id, identity: model.vectorIdentity)
        #expect(try stored.rows.shape == [added.vectors, compressor.decoder.keyValueSize])

        let answerer = Answerer(model: model, library: library)
        var options = Answerer.Options()
        options.mode = .compressed
        options.documents = ["river.txt"]
        options.generation.maximumTokens = 5
        let answer = try await answerer.answer("What is item 3?", options)
        let prompt = try model.prompts.prompt(question: "What is item 3?")
        let context = try withoutGradients {
            try compressor.context(stored.to(.float32), adapters: compressor.readingAdapters)
        }
        let expected = try model.languageModel.generate(
            compressor.decoder.embed(prompt), cache: context, options: options.generation)
        #expect(answer.answer == expected.text.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(answer.contextTokens == added.vectors && answer.promptTokens == added.vectors + prompt.count)
        let likelihoods = try await answerer.logLikelihoods(of: ["The river", "A"], "What is item 3?", options)
        #expect(likelihoods.allSatisfy { $0 < 0 && $0.isFinite } && likelihoods[0] != likelihoods[1])

        let questions = QuestionSet.river(4)
        var recipe = FinetuningRecipe()
        (recipe.rank, recipe.learningRate, recipe.batchSize, recipe.epochs) = (4, 1e-2, 2, 6)
        var losses: [Double] = []
        _ = try await model.finetune(group: "g", questions: questions, recipe: recipe, seed: 1, in: library) {
            losses.append($0.loss)
            _ = ($1, $2)
        }
        #expect(losses.count == 12 && losses[10] + losses[11] < 0.9 * (losses[0] + losses[1]))
        let learned = try await answerer.logLikelihoods(of: ["The river 3."], "What is item 3?", options)[0]
        options.usesAdapter = false
        #expect(try await learned > answerer.logLikelihoods(of: ["The river 3."], "What is item 3?", options)[0])
    }

    /// A bias per key and head is stored with its vectors and added to attention scores.
    @Test func aBiasChangesAttention() async throws {
        let library = try SQLiteLibrary.inMemory()
        let text = Sample.text("river", paragraphs: 1)
        let document = try await model.add(text: text, path: "/river.txt", group: "g", to: library).document.id
        let identity = model.vectorIdentity
        var options = Answerer.Options()
        options.documents = ["river.txt"]
        func likelihood() async throws -> Double {
            let answerer = Answerer(model: model, library: library)
            return try await answerer.logLikelihoods(of: ["The river"], "What is item 3?", options)[0]
        }
        let plain = try await library.storedVectors(of: document, identity: identity)
        let plainLikelihood = try await likelihood()
        let decoder = compressor.decoder
        let (layers, heads) = (decoder.configuration.layerCount, decoder.configuration.keyValueHeadCount)
        try Runtime.seed(3)
        let bias = try Tensor.randn([layers * heads, plain.count])
        var start = 0
        let segments = try library.segments(of: document, identity: identity).map { segment in
            defer { start += segment.vectorCount }
            let own = try SegmentVectors(rows: plain.rows, bias: bias)
                .selected([start..<start + segment.vectorCount])
            return NewSegment(
                tokens: segment.tokens, bytes: segment.bytes, tokenDigest: segment.tokenDigest,
                vectorCount: segment.vectorCount, dimension: segment.dimension,
                vectors: Data(try own.values.bytes()), bias: Data(try #require(own.bias).bytes()))
        }
        try library.replaceSegments(of: document, identity: identity, from: 0, with: segments)
        try library.markComplete(document, identity: identity)
        let stored = try await library.storedVectors(of: document, identity: identity)
        #expect(try stored.values.bytes() == plain.values.bytes())
        #expect(try #require(stored.bias)[0].bytes() == bias.bytes())
        try withoutGradients {
            let cache = try decoder.emptyContext(.keysAndValues)
            try decoder.append(
                stored.values, to: cache, bias: bias.reshaped([1, layers, heads, plain.count]))
            let prompt = try decoder.embed(model.prompts.prompt(question: "What is item 3?"))
            let expected = try decoder.hiddenStates(prompt, cache: cache)
            func read(_ vectors: SegmentVectors) throws -> Tensor {
                try decoder.hiddenStates(
                    prompt, cache: compressor.context(vectors.to(.float32), adapters: .none))
            }
            #expect(try read(stored).bytes() == expected.bytes())
            #expect(try relativeError(read(plain), expected) > 1e-3)
        }
        #expect(abs(try await likelihood() - plainLikelihood) > 1e-4)
    }
}

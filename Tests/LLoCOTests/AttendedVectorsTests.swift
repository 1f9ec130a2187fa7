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

/// A model without a trained compressor: vectors are the text's own keys and values.
@Suite(.seeded) struct AttendedVectorsTests {
    let model: LoadedModel
    let library: SQLiteLibrary
    let added: AddedDocument
    var decoder: Llama { model.languageModel.decoder }

    init() async throws {
        let fixture = try CompressorFixture()
        let scheme = CompressionScheme(
            segmentTokens: 20, summaryTokens: 3, carry: .independent, method: .attended(AttendedKeysAndValues()))
        model = LoadedModel(
            model: fixture.model, modelIdentity: "model",
            compressor: (try .attended(for: fixture.decoder, scheme), Compressor.attendedIdentity),
            embedder: try LoadedModel.tiny().embedder, template: .plain)
        library = try SQLiteLibrary.inMemory()
        added = try await model.add(
            text: Sample.text("river", paragraphs: 1), path: "/river.txt", group: "g", to: library)
    }

    private func options(_ mode: AnswerMode = .compressed, budget: Int? = nil) -> Answerer.Options {
        var options = Answerer.Options()
        options.documents = ["river.txt"]
        options.mode = mode
        options.budget = budget.map { .positions($0) }
        options.generation.maximumTokens = 5
        return options
    }

    /// The vectors of many segments together draw the attention of one segment's, in the prefill and in every decoding
    /// step.
    @Test func manySegmentsDrawTheAttentionOfOne() async throws {
        let reading = model.compressor.vectorReading
        #expect(reading.logWeight(of: 3) == 0 && reading.logWeight(of: 1) == 0 && reading.logWeight(of: 0) == 0)
        #expect(abs(reading.logWeight(of: 12) + log(4)) < 1e-12)
        #expect(
            CompressionScheme().reading().logWeight(of: 500) == 0, "only attended keys and values are scaled")
        let stored = try await library.storedVectors(of: added.document.id, identity: model.vectorIdentity)
        let vectors = try stored.to(.float32)
        #expect(added.vectors > 9)
        let prompt = try decoder.embed(model.prompts.prompt(question: "What is item 3?"))
        func context(_ logWeight: Double) throws -> KeyValueCache {
            let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
            _ = try decoder.hiddenStates(
                decoder.embed([decoder.configuration.eosTokenIDs.first ?? 0]), cache: cache)
            try decoder.append(stored.values, to: cache, logWeight: logWeight)
            return cache
        }
        try withoutGradients {
            let weighed = try decoder.hiddenStates(prompt, cache: context(reading.logWeight(of: added.vectors)))
            let found = try decoder.hiddenStates(
                prompt, cache: model.compressor.context(vectors, adapters: .none))
            #expect(try relativeError(found, weighed) < 1e-6)
            #expect(try relativeError(found, decoder.hiddenStates(prompt, cache: context(0))) > 1e-3)
        }
        // Decoding step by step equals one forward pass over the same positions.
        let answer = try model.languageModel.generate(
            prompt, cache: model.compressor.context(vectors, adapters: .none),
            options: options().generation)
        var ids: [Int] = []
        for _ in 0..<answer.ids.count {
            let hidden = try withoutGradients {
                try decoder.hiddenStates(
                    ids.isEmpty ? prompt : .concatenated([prompt, decoder.embed(ids)], 1),
                    cache: model.compressor.context(vectors, adapters: .none), last: 1)
            }
            ids.append(try #require(try decoder.logits(hidden[0])[0].to(.float32).indexOfGreatest()))
        }
        #expect(ids == answer.ids)
    }

    @Test func mixturesServeAnswersAndTraining() async throws {
        let answerer = Answerer(model: model, library: library)
        for budget in [1, 5, 60] {
            let answer = try await answerer.answer("What is item 3?", options(.hybrid, budget: budget))
            #expect(1...budget ~= answer.contextTokens)
        }
        let questions = QuestionSet.river(4)
        var recipe = FinetuningRecipe()
        (recipe.rank, recipe.learningRate, recipe.batchSize, recipe.epochs) = (4, 1e-2, 2, 6)
        (recipe.hybridShare, recipe.minimumRatio, recipe.maximumRatio) = (0.5, 2, 8)
        recipe.tunesVectors = true
        var losses: [Double] = []
        let adapter = try await model.finetune(
            group: "g", questions: questions, recipe: recipe, seed: 1, in: library
        ) { step, _, _ in losses.append(step.loss) }
        #expect(losses.count == 12 && losses[10] + losses[11] < 0.9 * (losses[0] + losses[1]))
        #expect(try library.tunedVectors(of: added.document.id, with: adapter.record) != nil)
        func likelihood(_ mode: AnswerMode, tuned: Bool) async throws -> Double {
            let answerer = Answerer(model: model, library: library)
            if !tuned { try answerer.setAdapter(Adapter(adapter.checkpoint, for: decoder), for: "g") }
            return try await answerer.logLikelihoods(
                of: ["The river 3."], "What is item 3?", options(mode, budget: mode == .hybrid ? 20 : nil))[0]
        }
        for mode in [AnswerMode.compressed, .hybrid] {
            let (own, others) = try await (likelihood(mode, tuned: true), likelihood(mode, tuned: false))
            #expect(abs(own - others) > 1e-4, "\(mode)")
        }
    }
}

import Foundation
import LLoCO
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTraining
import Testing

/// The general adapter: written, found by vector identity, used for groups without an adapter, the start of
/// fine-tuning.
@Suite(.seeded) struct GeneralAdapterTests {
    let folder: TemporaryFolder
    let model: LoadedModel
    let questions: QuestionSet
    let recipe: FinetuningRecipe
    let trained: FinetunedAdapter

    init() async throws {
        folder = try TemporaryFolder()
        model = try LoadedModel.tiny()
        questions = QuestionSet.river(6)
        var recipe = FinetuningRecipe()
        recipe.rank = 4
        recipe.learningRate = 2e-2
        recipe.epochs = 6
        recipe.batchSize = 3
        recipe.dropout = 0
        self.recipe = recipe
        trained = try await Self.finetune(model, questions, recipe).adapter
        try GeneralAdapter.write(
            trained.checkpoint, reading: model.vectorIdentity, to: folder.url.appending(path: "general"))
    }

    private static func library(_ model: LoadedModel) async throws -> SQLiteLibrary {
        let library = try SQLiteLibrary.inMemory()
        _ = try await model.add(
            text: Sample.text("river", paragraphs: 1), path: "/river.txt", group: "g", to: library)
        return library
    }

    private static func finetune(
        _ model: LoadedModel, _ questions: QuestionSet, _ recipe: FinetuningRecipe
    ) async throws -> (adapter: FinetunedAdapter, losses: [Double]) {
        var losses: [Double] = []
        let adapter = try await model.finetune(
            group: "g", questions: questions, recipe: recipe, seed: 1, in: library(model)
        ) { step, _, _ in losses.append(step.loss) }
        return (adapter, losses)
    }

    private var general: URL { folder.url.appending(path: "general") }

    @Test func aGroupWithoutAnAdapterUsesTheGeneralOne() async throws {
        let other = folder.url.appending(path: "other")
        try GeneralAdapter.write(
            trained.checkpoint,
            reading: VectorIdentity(
                model: model.vectorIdentity.model, compressor: model.vectorIdentity.compressor, variant: "another"
            ),
            to: other)
        let loaded = try LoadedModel.tiny(adapters: [folder.url.appending(path: "missing"), other, general])
        #expect(loaded.generalAdapter != nil)
        #expect(try LoadedModel.tiny(adapters: [other]).generalAdapter == nil)
        #expect(try LoadedModel.tiny(segmentTokens: 50, adapters: [general]).generalAdapter == nil)

        let library = try await Self.library(model)
        var options = Answerer.Options()
        options.documents = ["river.txt"]
        options.generation.maximumTokens = 12
        let question = "What is item 3?"
        func likelihood(_ answerer: Answerer, _ options: Answerer.Options) async throws -> Double {
            try await answerer.logLikelihoods(of: ["The river 3."], question, options)[0]
        }
        let plain = try await likelihood(Answerer(model: model, library: library), options)
        let given = Answerer(model: model, library: library)
        try given.setAdapter(Adapter(trained.checkpoint, for: model.languageModel.decoder), for: "g")
        let answerer = Answerer(model: loaded, library: library)
        #expect(try await likelihood(answerer, options) == likelihood(given, options))
        #expect(try await likelihood(answerer, options) > plain + 1)
        #expect(try await answerer.answer(question, options).answer == given.answer(question, options).answer)
        options.usesAdapter = false
        #expect(try await likelihood(answerer, options) == plain)

        // A group's own adapter takes precedence.
        options.usesAdapter = true
        var weak = recipe
        weak.learningRate = 1e-6
        weak.epochs = 1
        _ = try await model.finetune(group: "g", questions: questions, recipe: weak, seed: 1, in: library) {
            _, _, _ in
        }
        let own = try await likelihood(Answerer(model: loaded, library: library), options)
        #expect(abs(own - plain) < 0.01)
    }

    @Test func fineTuningStartsFromTheGeneralAdapter() async throws {
        let fresh = try await Self.finetune(model, questions, recipe).losses
        let loaded = try LoadedModel.tiny(adapters: [general])
        let begun = try await Self.finetune(loaded, questions, recipe).losses
        #expect(begun.count == fresh.count)
        #expect(begun[0] < fresh[0] / 2, "\(begun[0]) after \(fresh.last!)")
        // A general adapter of another shape is ignored.
        var wider = recipe
        wider.rank = 8
        let other = try await Self.finetune(loaded, questions, wider).losses
        #expect(try await other == Self.finetune(model, questions, wider).losses)
    }

    @Test func damageIsReported() throws {
        let weights = general.appending(path: "adapter_model.safetensors")
        try Data(Data(contentsOf: weights).dropLast(9)).write(to: weights)
        let line = message { _ = try LoadedModel.tiny(adapters: [general]) }
        #expect(line?.contains("adapter_model.safetensors") == true, "\(line ?? "nothing")")
    }
}

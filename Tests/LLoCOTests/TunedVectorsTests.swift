import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch
import LLoCOTraining
import Testing

/// Vectors that were tuned with an adapter are used only with it.
@Suite(.seeded) struct TunedVectorsTests {
    let model: LoadedModel
    let library: SQLiteLibrary
    let questions = QuestionSet.river(4)
    static let text = "The river rose in 1897 and took the mill. A miller had two sons."

    struct Interruption: Error {}

    init() async throws {
        model = try LoadedModel.tiny()
        library = try SQLiteLibrary.inMemory()
        _ = try await model.add(text: Self.text, path: "/river.txt", group: "g", to: library)
        _ = try await model.add(text: "A road goes over the hill.", path: "/road.txt", group: "g", to: library)
    }

    private func finetune(
        tunesVectors: Bool = true, in library: SQLiteLibrary? = nil, stopAfter: Int = .max
    ) async throws -> FinetunedAdapter {
        var recipe = FinetuningRecipe()
        recipe.rank = 4
        recipe.learningRate = 1e-3
        recipe.epochs = 6
        recipe.batchSize = 2
        recipe.dropout = 0
        recipe.tunesVectors = tunesVectors
        recipe.vectorLearningRate = 2e-2
        return try await model.finetune(
            group: "g", questions: questions, recipe: recipe, seed: 1, in: library ?? self.library, saveEvery: 0
        ) { step, _, _ in
            if step.step > stopAfter { throw Interruption() }
        }
    }

    /// The log-probability of an answer by the answerer; below, the same computed directly from vectors and an adapter.
    private func likelihood(
        adapter: Bool = true, given: Adapter? = nil, mode: AnswerMode = .compressed
    ) async throws -> Double {
        let answerer = Answerer(model: model, library: library)
        if let given { try answerer.setAdapter(given, for: "g") }
        var options = Answerer.Options()
        options.documents = ["river.txt"]
        options.usesAdapter = adapter
        options.mode = mode
        options.textShare = 0
        return try await answerer.logLikelihoods(of: ["The river 3."], "What is item 3?", options)[0]
    }

    private func likelihood(_ vectors: Tensor, _ adapter: FinetunedAdapter?) throws -> Double {
        let decoder = model.languageModel.decoder
        let prompt = try model.prompts.prompt(question: "What is item 3?")
        let answer = try model.prompts.answer("The river 3.").dropLast()
        let text = try decoder.embed(prompt + answer.dropLast())
        let active = try adapter.map { [try Adapter($0.checkpoint, for: decoder)] } ?? []
        return try withoutGradients {
            let hidden = try decoder.hiddenStates(
                .concatenated([vectors.to(.float32).unsqueezed(0), text], 1), adapters: ActiveAdapters(active),
                last: answer.count)[0]
            return try -decoder.crossEntropy(hidden, targets: Array(answer))
        }
    }

    private func tuned(_ adapter: FinetunedAdapter) async throws -> Tensor {
        let document = try library.document(named: "river.txt").id
        let bytes = try #require(try library.tunedVectors(of: document, with: adapter.record))
        let shape = try await library.storedVectors(of: document, identity: model.vectorIdentity).rows.shape
        return try bytes.withUnsafeBytes { try Tensor(copying: $0, shape: shape, dtype: .bfloat16) }
    }

    @Test func tunedVectorsAreUsedWithTheirAdapterOnly() async throws {
        let river = try library.document(named: "river.txt").id
        let stored = try await library.storedVectors(of: river, identity: model.vectorIdentity).rows
        let adapter = try await finetune()
        let vectors = try await tuned(adapter)
        #expect(try relativeError(vectors.to(.float32), stored.to(.float32)) > 0.01)
        #expect(
            try await library.storedVectors(of: river, identity: model.vectorIdentity).rows.bytes()
                == stored.bytes())
        func same(_ one: Double, _ other: Double) -> Bool { abs(one - other) < 1e-3 }
        let own = try likelihood(vectors, adapter)
        let plain = try likelihood(stored, nil)
        let mixed = try likelihood(stored, adapter)
        #expect(!same(own, mixed) && !same(own, plain) && !same(mixed, plain), "\(own), \(mixed), \(plain)")
        #expect(try await same(likelihood(), own))
        #expect(try await same(likelihood(adapter: false), plain))
        #expect(try await same(likelihood(given: Adapter(adapter.checkpoint, for: model.languageModel.decoder)), mixed))
        // Mode hybrid uses tuned vectors too.
        #expect(
            try await !same(
                likelihood(mode: .hybrid),
                likelihood(given: Adapter(adapter.checkpoint, for: model.languageModel.decoder), mode: .hybrid)))
        // Another adapter has no tuned vectors.
        let later = try await finetune(tunesVectors: false)
        #expect(try library.tunedVectors(of: river, with: later.record) == nil)
        #expect(try await same(likelihood(), likelihood(stored, later)))
        try library.removeAdapter(later.record.id)
        #expect(try await same(likelihood(), own))
        // A document without questions has no tuned vectors.
        let road = try library.document(named: "road.txt").id
        #expect(try library.tunedVectors(of: road, with: adapter.record) == nil)
        // The tuned vectors of a document that has grown are invalid.
        _ = try await model.add(text: Self.text + " It rained.", path: "/river.txt", group: "g", to: library)
        #expect(try library.tunedVectors(of: river, with: adapter.record) == nil)
        let grown = try await library.storedVectors(of: river, identity: model.vectorIdentity).rows
        #expect(try await same(likelihood(), likelihood(grown, adapter)))
        _ = try await model.add(text: Self.text, path: "/river.txt", group: "g", to: library)
        #expect(try await same(likelihood(), own), "they are valid again with the old text")
        // They are removed with their document.
        try library.removeDocument(river)
        #expect(try library.tunedVectors(of: river, with: adapter.record) == nil)
        #expect(try library.verify() == [])
    }

    @Test func anInterruptedRunEndsWithTheSameVectors() async throws {
        let whole = try await finetune()
        let vectors = try await tuned(whole).bytes()
        let other = try SQLiteLibrary.inMemory()
        _ = try await model.add(text: Self.text, path: "/river.txt", group: "g", to: other)
        await #expect(throws: Interruption.self) { _ = try await finetune(in: other, stopAfter: 4) }
        let rest = try await finetune(in: other)
        #expect(rest.record.digest == whole.record.digest)
        let found = try other.tunedVectors(of: other.document(named: "river.txt").id, with: rest.record)
        #expect(found == Data(vectors))
    }
}

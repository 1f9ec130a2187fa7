import Foundation
import LLoCO
import LLoCOBase
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

/// Vectors and excerpts under a budget: contexts, counts and training.
@Suite(.seeded) struct HybridTests {
    let model: LoadedModel
    let library: SQLiteLibrary
    let answerer: Answerer
    let added: AddedDocument
    let question = "Which item of chapter 1 has the number 13?"

    init() async throws {
        model = try LoadedModel.tiny()
        library = try SQLiteLibrary.inMemory()
        answerer = Answerer(model: model, library: library)
        added = try await model.add(
            text: Sample.text("river", paragraphs: 5), path: "/river.txt", group: "g", to: library)
    }

    private func options(_ mode: AnswerMode, budget: Int? = nil, textShare: Double? = nil) -> Answerer.Options {
        var options = Answerer.Options()
        options.mode = mode
        options.documents = ["river.txt"]
        options.budget = budget.map { .positions($0) }
        if let textShare { options.textShare = textShare }
        options.generation.maximumTokens = 6
        return options
    }

    private func stored() throws -> Tensor {
        let vectors = try library.vectors(of: added.document.id, identity: model.vectorIdentity)
        return try vectors.bytes.withUnsafeBytes {
            try Tensor(copying: $0, shape: [vectors.count, vectors.dimension], dtype: .bfloat16)
        }.to(.float32)
    }

    /// A question that nearly fills the window is answered or rejected with a reason.
    @Test(arguments: [AnswerMode.hybrid, .compressed, .retrieval])
    func longQuestionsAreAnsweredOrRejected(mode: AnswerMode) async throws {
        let empty = try model.prompts.prompt(question: "", context: [0]).count
        let word = try model.prompts.prompt(question: " a a a a", context: [0]).count - empty
        let many = (model.languageModel.window - empty) * 4 / word
        var refused = 0
        for count in (many - 40)...(many + 8) {
            let question = String(repeating: " a", count: count)
            let line = await laterMessage { _ = try await answerer.answer(question, options(mode, budget: 40)) }
            if let line {
                refused += 1
                #expect(line.contains("window") || line.contains("fits beside the question: "), "\(line)")
                #expect(!line.hasSuffix(": "), "it says why: \(line)")
            }
        }
        #expect(
            refused > 0 && (mode == .retrieval || refused < 49), "an excerpt takes more positions than one vector")
    }

    /// Missing vectors are an error in modes that read vectors, not a fallback to text.
    @Test func missingVectorsAreReported() async throws {
        let other = Answerer(model: try .tiny(segmentTokens: 10), library: library)
        for mode in [AnswerMode.hybrid, .compressed] {
            let line = await laterMessage { _ = try await other.answer(question, options(mode, budget: 30)) }
            #expect(line?.contains("is not compressed") == true, "\(line ?? "no error")")
        }
        #expect(try await other.answer(question, options(.retrieval, budget: 130)).contextTokens > 0)
    }

    @Test func theBudgetIsNotExceeded() async throws {
        let text = Array(try library.text(of: added.document.id).utf8)
        for budget in [1, 7, 20, 130] {
            for share in [0, 0.3, 2.0 / 3, 1] {
                let answer = try await answerer.answer(question, options(.hybrid, budget: budget, textShare: share))
                #expect(answer.contextTokens == budget, "vectors fill the positions that text leaves")
                #expect(answer.documents == ["river.txt"])
                if share > 0.5, budget >= 130 {
                    let read = answer.passages.map { String(decoding: text[$0.start..<$0.end], as: UTF8.self) }
                    #expect(read.joined().contains("number 13 "), "\(read)")
                    #expect(answer.passages.map(\.start) == answer.passages.map(\.start).sorted())
                }
            }
            if budget >= 130 {
                let passages = try await answerer.answer(question, options(.retrieval, budget: budget))
                #expect(1...budget ~= passages.contextTokens)
                #expect(passages.omissions == [])
            }
            let vectors = try await answerer.answer(question, options(.compressed, budget: budget))
            #expect(vectors.contextTokens == budget)
        }
        let beginning = try await answerer.answer(question, options(.retrieval, budget: 12))
        #expect(1...12 ~= beginning.contextTokens && beginning.passages.count == 1)
        #expect(beginning.omissions.contains { $0.contains("only the beginning") && $0.hasSuffix("room for 12") })
        let line = await laterMessage { _ = try await answerer.answer(question, options(.retrieval, budget: 5)) }
        #expect(line?.contains("there is room for 5") == true, "\(line ?? "no error")")
        let usual = try await answerer.answer(question, options(.hybrid))
        #expect(usual.contextTokens == (added.tokens + 29) / 30)
        let all = try await answerer.answer(question, options(.compressed, budget: 10_000))
        #expect(all.contextTokens == added.vectors)
        #expect(all.answer == (try await answerer.answer(question, options(.compressed))).answer)
        #expect(all.omissions.contains { $0.contains("of a budget of 10000 positions for 'river.txt'") })
    }

    /// Half of the vectors are the first ones of every segment, the rest are of the segments that the text is from.
    @Test func thePromptContainsTheSelectedVectorsAndText() async throws {
        let answer = try await answerer.answer(question, options(.hybrid, budget: 180, textShare: 0.5))
        let bytes = Array(try library.text(of: added.document.id).utf8)
        let text = answer.passages.map { String(decoding: bytes[$0.start..<$0.end], as: UTF8.self) }
            .joined(separator: "\n")
        let ids = try model.prompts.text(text)
        let segments = try library.segments(of: added.document.id, identity: model.vectorIdentity)
        let favoured = answer.passages.sorted { $0.score > $1.score }.flatMap { passage in
            segments.indices.filter { segments[$0].bytes.overlaps(passage.start..<passage.end) }
        }
        let counts = ContextBudget.vectors(
            of: segments.map(\.vectorCount), favoured: favoured, positions: 180 - ids.count)
        var rows: [Tensor] = []
        for (index, count) in counts.enumerated() where count > 0 {
            rows.append(try stored()[index * 3..<index * 3 + count])
        }
        let prompt = try model.prompts.prompt(question: question, context: ids)
        let read = try Tensor.concatenated(rows + [model.languageModel.decoder.embed(prompt)[0]]).unsqueezed(0)
        let generated = try model.languageModel.generate(read, options: .init(maximumTokens: 6))
        #expect(answer.answer == generated.text.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(answer.promptTokens == read.size(1))
        #expect(answer.contextTokens == 180)
    }

    /// Documents share a budget: vectors of all documents, and the matching text of any document.
    @Test func severalDocumentsShareABudget() async throws {
        _ = try await model.add(
            text: Sample.text("mill", paragraphs: 3), path: "/mill.txt", group: "g", to: library)
        var options = options(.hybrid, budget: 300, textShare: 0.7)
        options.documents = ["river.txt", "mill.txt"]
        for name in ["mill", "river"] {
            let answer = try await answerer.answer(
                "Which item of the \(name) of chapter 1 has the number 13?", options)
            #expect(answer.contextTokens == 300 && Set(answer.documents) == ["river.txt", "mill.txt"])
            let text = Array(try library.text(of: library.document(named: "\(name).txt").id).utf8)
            let read = answer.passages.filter { $0.document == "\(name).txt" }.map {
                String(decoding: text[$0.start..<$0.end], as: UTF8.self)
            }
            #expect(read.joined().contains("number 13 "), "\(read)")
        }
        // Vectors of each document are read, not all of one document.
        options.textShare = 0
        let vectors = try await answerer.answer(question, options)
        #expect(vectors.contextTokens <= 300 && vectors.documents.count == 2 && !vectors.passages.isEmpty)
    }

    /// A question that shares no word with the text uses the retrieved passages.
    @Test func aQuestionWithoutMatchesUsesRetrievedPassages() async throws {
        let answer = try await answerer.answer("Whereto, wherefrom?", options(.hybrid, budget: 130, textShare: 1))
        #expect(!answer.passages.isEmpty && answer.contextTokens == 130)
    }

    @Test func theAdapterIsUsedForMixtures() async throws {
        let fixture = try CompressorFixture()
        func likelihood(_ mode: AnswerMode, adapter: Bool) async throws -> Double {
            var options = options(mode, budget: 130)
            options.usesAdapter = adapter
            return try await answerer.logLikelihoods(of: ["The river."], question, options)[0]
        }
        try answerer.setAdapter(fixture.adapter(), for: "g")
        #expect(try await likelihood(.hybrid, adapter: true) != likelihood(.hybrid, adapter: false))
        #expect(try await likelihood(.retrieval, adapter: true) == likelihood(.retrieval, adapter: false))
    }

    // MARK: Training

    private func example(_ rows: [Range<Int>]?, document: Int = 0) throws -> FinetuningExample {
        FinetuningExample(
            document: document, rows: rows, prompt: try model.prompts.prompt(question: question),
            answer: try model.prompts.answer("Item 13."))
    }

    private func firstStep(_ examples: [FinetuningExample], _ documents: [Tensor]) throws -> Finetuner.Step {
        var recipe = FinetuningRecipe()
        recipe.dropout = 0
        return try Finetuner(
            decoder: model.languageModel.decoder, recipe: recipe,
            documents: documents.map { try SegmentVectors(rows: $0) },
            examples: examples, seed: 1
        ).step()
    }

    @Test func examplesMayUseSomeOfTheVectors() throws {
        let vectors = try stored()
        let part = try Tensor.concatenated([vectors[0..<2], vectors[6..<9]])
        let one = try firstStep([example([0..<2, 6..<9])], [vectors])
        let other = try firstStep([example(nil)], [part])
        #expect(one.loss == other.loss && one.tokens == other.tokens)
        let (none, empty) = (
            try firstStep([example([])], [vectors]).loss, try firstStep([example(nil)], [vectors[0..<0]]).loss
        )
        #expect(none == empty)
        #expect(try firstStep([example([0..<3])], [vectors]).loss != one.loss)
        // The examples of one step use different vectors.
        let both = try firstStep([example([0..<2, 6..<9]), example(nil)], [vectors])
        let whole = try firstStep([example(nil)], [vectors])
        #expect(abs(both.loss - (one.loss + whole.loss) / 2) < 1e-5)
    }

    /// Every epoch uses its own examples. After the last, the first epoch's are used again.
    @Test func everyEpochUsesItsOwnMixtures() throws {
        var recipe = FinetuningRecipe()
        (recipe.dropout, recipe.learningRate, recipe.epochs) = (0, 1e-12, 3)
        let (one, other) = (try example([0..<3]), try example([3..<9]))
        let vectors = try stored()
        let finetuner = try Finetuner(
            decoder: model.languageModel.decoder, recipe: recipe, documents: [SegmentVectors(rows: vectors)],
            examples: [one], later: [[other]],
            seed: 1)
        let losses = try (0..<3).map { _ in try finetuner.step().loss }
        let (first, second) = (try firstStep([one], [vectors]).loss, try firstStep([other], [vectors]).loss)
        #expect(abs(losses[0] - first) < 1e-6 && abs(losses[1] - second) < 1e-6 && abs(losses[2] - first) < 1e-6)
        #expect(abs(first - second) > 1e-3)
    }

    private func losses(_ share: Double, seed: UInt64 = 1, prefersText: Bool = false) async throws -> [Double] {
        let questions = QuestionSet(documents: [
            QuestionDocument(
                id: "river", title: "river.txt", document: nil,
                questions: (0..<8).map {
                    Question(id: "\($0)", text: "What has number \($0)?", answers: ["Item \($0)."])
                })
        ])
        var recipe = FinetuningRecipe()
        recipe.hybridShare = share
        recipe.prefersText = prefersText
        recipe.dropout = 0
        recipe.epochs = 1
        recipe.minimumRatio = 8
        recipe.maximumRatio = 16
        var losses: [Double] = []
        _ = try await model.finetune(group: "g", questions: questions, recipe: recipe, seed: seed, in: library) {
            step, _, _ in losses.append(step.loss)
        }
        return losses
    }

    @Test func mixturesFollowFromTheSeed() async throws {
        let mixed = try await losses(1)
        let (again, another, plain) = (
            try await losses(1), try await losses(1, seed: 2), try await losses(0)
        )
        #expect(mixed == again, "the same seed mixes the same")
        #expect(mixed != another && mixed != plain)
        let text = try await losses(1, prefersText: true)
        #expect(text != mixed, "more text than without prefersText")
        let unmixed = try await losses(0, prefersText: true)
        #expect(unmixed == plain, "without mixtures there is no text")
        #expect(mixed.allSatisfy { $0.isFinite })
    }
}

import Foundation
import LLoCO
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOTestSupport
import LLoCOTraining
import Testing

/// Fine-tuning through a library: interrupted, resumed, failed, repeated.
@Suite(.seeded) struct FinetuningTests {
    let model: LoadedModel
    let questions: QuestionSet

    struct Interruption: Error {}

    init() throws {
        model = try LoadedModel.tiny()
        questions = QuestionSet(
            documents: ["river", "mill"].map { name in
                QuestionDocument(
                    id: name, title: "\(name).txt", document: nil,
                    questions: (0..<5).map {
                        Question(id: "\(name)-\($0)", text: "What is item \($0)?", answers: ["The \(name) \($0)."])
                    })
            })
    }

    private func library() async throws -> SQLiteLibrary {
        let library = try SQLiteLibrary.inMemory()
        for name in ["river", "mill"] {
            _ = try await model.add(
                text: Sample.text(name, paragraphs: 1), path: "/\(name).txt", group: "g", to: library)
        }
        return library
    }

    private var recipe: FinetuningRecipe {
        var recipe = FinetuningRecipe()
        recipe.rank = 4
        recipe.learningRate = 1e-2
        recipe.batchSize = 3
        recipe.documentsPerBatch = 2
        recipe.dropout = 0.2
        return recipe
    }

    private func finetune(
        _ library: SQLiteLibrary, _ questions: QuestionSet? = nil, recipe: FinetuningRecipe? = nil,
        seed: UInt64 = 1,
        saveEvery: Double = 0, stopAfter: Int = .max
    ) async throws -> (adapter: FinetunedAdapter, steps: [Int]) {
        var steps: [Int] = []
        let adapter = try await model.finetune(
            group: "g", questions: questions ?? self.questions, recipe: recipe ?? self.recipe, seed: seed,
            in: library,
            saveEvery: saveEvery
        ) { step, _, _ in
            steps.append(step.step)
            if step.step > stopAfter { throw Interruption() }
        }
        return (adapter, steps)
    }

    @Test func anInterruptedRunEndsWithTheSameAdapter() async throws {
        let whole = try await finetune(library())
        let total = whole.adapter.steps
        #expect(whole.steps == Array(1...total))
        #expect(total >= 9)
        for stop in [0, 1, 4, total - 1] {
            let library = try await library()
            await #expect(throws: Interruption.self) { _ = try await finetune(library, stopAfter: stop) }
            #expect(try await library.adapters().isEmpty, "no unfinished adapter is stored")
            let rest = try await finetune(library)
            #expect(rest.steps == Array(stop + 1...total), "it resumes after step \(stop)")
            #expect(rest.adapter.record.digest == whole.adapter.record.digest)
            #expect(abs(rest.adapter.loss - whole.adapter.loss) < 1e-12)
            #expect(try await library.trainingRuns().map(\.isFinished) == [true])
        }
        // Two interruptions, with states saved seldom.
        let library = try await library()
        await #expect(throws: Interruption.self) { _ = try await finetune(library, saveEvery: 1000, stopAfter: 3) }
        await #expect(throws: Interruption.self) { _ = try await finetune(library, stopAfter: 2) }
        #expect(try await finetune(library).adapter.record.digest == whole.adapter.record.digest)
    }

    @Test func otherSettingsStartAnotherRun() async throws {
        let library = try await library()
        await #expect(throws: Interruption.self) { _ = try await finetune(library, stopAfter: 4) }
        var other = recipe
        other.alpha = 32
        #expect(try await finetune(library, recipe: other).steps.first == 1, "other settings do not resume it")
        #expect(try await finetune(library, seed: 2).steps.first == 1, "nor does another seed")
        var fewer = questions
        fewer.documents[0].questions.removeLast()
        #expect(try await finetune(library, fewer).steps.first == 1, "nor do other questions")
        #expect(try await finetune(library).steps.first == 5, "the same call does")
        let digests = try await library.adapters(of: "g").map(\.digest)
        #expect(Set(digests).count == 4)
    }

    @Test func instabilityKeepsTheLastGoodAdapter() async throws {
        let library = try await library()
        let good = try await finetune(library).adapter.record
        var wild = recipe
        wild.learningRate = 1e30
        for _ in 0..<2 {
            let line = await laterMessage { _ = try await finetune(library, recipe: wild) }
            #expect(line?.contains("unstable at step") == true, "again from the start, not from a broken state")
        }
        // Also if the only step is the unstable one, so that no later step could detect it.
        wild.epochs = 1
        wild.batchSize = 10
        #expect(
            await laterMessage { _ = try await finetune(library, recipe: wild) }?.contains("unstable at step 1 ")
                == true)
        #expect(try library.adapter(for: "g", identity: model.vectorIdentity)?.record == good)
        #expect(try await library.trainingRuns().allSatisfy { $0.isFinished })
    }

    @Test func vectorsThatAreNaNStopTraining() async throws {
        let library = try await library()
        let good = try await finetune(library).adapter.record
        let document = try library.document(named: "river.txt").id
        let identity = model.vectorIdentity
        let segments = try library.segments(of: document, identity: identity)
        let last = try #require(segments.last)
        let nan = Data((0..<last.vectorCount * last.dimension).flatMap { _ in [0xC0, 0x7F] as [UInt8] })
        try library.replaceSegments(
            of: document, identity: identity, from: last.position,
            with: [
                NewSegment(
                    tokens: last.tokens, bytes: last.bytes, tokenDigest: last.tokenDigest,
                    vectorCount: last.vectorCount, dimension: last.dimension, vectors: nan)
            ])
        try library.markComplete(document, identity: identity)
        #expect(
            await laterMessage { _ = try await finetune(library, seed: 9) }?.contains("unstable at step") == true)
        #expect(try library.adapter(for: "g", identity: identity)?.record == good)
    }

    @Test func questionsThatDoNotFitAreRejected() async throws {
        let library = try await library()
        var unknown = questions
        unknown.documents[1].title = "none.txt"
        unknown.documents[1].id = "none"
        #expect(
            await laterMessage { _ = try await finetune(library, unknown) }?.contains(
                "'none.txt' is not in the library") == true)
        _ = try await model.add(
            text: Sample.text("mill", paragraphs: 1), path: "/mill.txt", group: "h", to: library)
        #expect(
            await laterMessage { _ = try await finetune(library) }?.contains("is in group 'h', expected 'g'") == true)
        #expect(try await library.trainingRuns().isEmpty)
        let other = try LoadedModel.tiny(segmentTokens: 30)
        let line = await laterMessage {
            _ = try await other.finetune(group: "g", questions: questions, recipe: recipe, seed: 1, in: library) {
                _, _, _ in
            }
        }
        #expect(line?.contains("add it again") == true)
        var long = questions
        long.documents.removeLast()
        long.documents[0].questions[0].text = String(repeating: "long question ", count: 60)
        let refusal = try #require(await laterMessage { _ = try await finetune(library, long) })
        #expect(refusal.contains("window holds 512") && refusal.contains("'\(long.documents[0].questions[0].id)'"))
        let (runs, made) = (try await library.trainingRuns(), try await library.adapters())
        #expect(runs.isEmpty && made.isEmpty)
    }

    /// The training loss falls to less than half.
    @Test func theLossFalls() async throws {
        let library = try await library()
        var recipe = recipe
        recipe.epochs = 40
        recipe.dropout = 0
        var losses: [Double] = []
        _ = try await model.finetune(
            group: "g", questions: questions, recipe: recipe, seed: 1, in: library
        ) { step, _, _ in losses.append(step.loss) }
        let last = losses.suffix(8).reduce(0, +) / 8
        #expect(last < losses[0] / 2, "\(losses[0]) to \(last)")
    }
}

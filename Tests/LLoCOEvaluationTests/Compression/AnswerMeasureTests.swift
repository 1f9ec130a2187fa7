import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOEvaluation
import LLoCOLibrary
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

/// How much vectors help with answers: every condition's loss, computed by hand, and the figures made of them.
@Suite struct AnswerMeasureTests {
    let model: LoadedModel
    let document =
        "The mill stood by the river. A miller lived there with three donkeys. One of them was called Ottilie, and she "
        + "was faster than any horse. In spring the river rose and took the mill away."

    init() throws {
        var options = LoadedModel.Options(model: TestFiles.autocompressor)
        options.dtype = .float32
        options.segmentTokens = 20
        model = try LoadedModel.load(options)
    }

    private var tokenizer: any Tokenizer { get throws { try model.languageModel.tokenizer } }

    private func attended() throws -> Compressor {
        try .attended(
            for: model.languageModel.decoder,
            CompressionScheme(
                segmentTokens: 20, summaryTokens: 4, carry: .independent, method: .attended(AttendedKeysAndValues())))
    }

    /// Mean -log p of an answer's tokens behind a prompt.
    private func loss(
        _ compressor: Compressor, _ prompt: [Int], _ answer: [Int], _ vectors: SegmentVectors?
    ) throws -> Double {
        try withoutGradients {
            let decoder = compressor.decoder
            let input = try decoder.embed(Array((prompt + answer).dropLast()))
            let adapters = try vectors == nil ? ActiveAdapters.none : compressor.readingAdapters
            let cache = try vectors.map { try compressor.context($0, adapters: adapters) }
            let hidden = try decoder.hiddenStates(input, cache: cache, adapters: adapters)[0]
            let logarithms = try decoder.logits(hidden).logSoftmax(-1).array(of: Float.self)
            let size = decoder.configuration.vocabularySize
            let sum = answer.enumerated().reduce(0.0) { sum, next in
                sum - Double(logarithms[(prompt.count - 1 + next.offset) * size + next.element])
            }
            return sum / Double(answer.count)
        }
    }

    @Test(arguments: [false, true]) func everyCondition(_ keysAndValues: Bool) throws {
        let compressor = keysAndValues ? try attended() : model.compressor
        let measure = try AnswerMeasure(compressor, tokenizer: tokenizer, size: .positions(40), textShare: 0.6)
        let questions = [
            Question(id: "1", text: "What was the donkey called?", answers: ["Ottilie", "the donkey"]),
            Question(id: "2", text: "What took the mill?", answers: ["the river"]),
        ]
        var told = 0
        let found = try measure.losses(of: document, questions: questions) { told += 1 }
        #expect(told == 2 && found.count == 2)
        let prompts = try PromptBuilder(recognizing: tokenizer)
        let ids = try tokenizer.encode(document, special: .asText)
        let vectors = try compressor.compress(ids)
        #expect(vectors.count <= 40)
        let index = try ExcerptIndex([document])
        for (question, losses) in zip(questions, found) {
            let answer = try prompts.answer(question.answers[0])
            let plain = try prompts.prompt(question: question.text)
            let passages = try ContextSelection(
                question.text, index, prompts: prompts, segments: nil, ContextBudget(positions: 40, textShare: 1)
            ).text
            #expect(!passages.isEmpty && passages.count <= 40)
            let text = { (ids: [Int]) in try prompts.prompt(question: question.text, context: ids) }
            for (name, loss, expected) in [
                ("none", losses.none, try self.loss(compressor, plain, answer, nil)),
                ("full", losses.full, try self.loss(compressor, text(ids), answer, nil)),
                ("passages", losses.passages, try self.loss(compressor, text(passages), answer, nil)),
                ("compressed", losses.compressed, try self.loss(compressor, plain, answer, vectors)),
            ] {
                #expect(abs(loss - expected) < 1e-4, "\(name)")
            }
            #expect(losses.positions == 40 && losses.hybrid.isFinite)
        }
        // Text alone leaves no room for vectors, and none for text leaves them alone.
        let allText = try AnswerMeasure(compressor, tokenizer: tokenizer, size: .positions(40), textShare: 0)
        for (losses, before) in zip(try allText.losses(of: document, questions: questions), found) {
            #expect(losses.hybrid == losses.compressed && losses.compressed == before.compressed)
        }
    }

    @Test func figuresAreOfTheQuestionsThatWereDrawn() throws {
        let sets = [
            QuestionSet(
                documents: (0..<3).map { document in
                    QuestionDocument(
                        id: "\(document)", title: "\(document)", document: "\(document): " + self.document,
                        questions: (0..<4).map {
                            Question(id: "\(document).\($0)", text: "What is \($0)?", answers: ["\($0) mills"])
                        })
                } + [
                    QuestionDocument(
                        id: "far", title: "far", document: nil,
                        questions: [Question(id: "x", text: "?", answers: ["x"])])
                ])
        ]
        let measure = try AnswerMeasure(attended(), tokenizer: tokenizer, size: .positions(12))
        var steps: [Int] = []
        let all = try AnswerEvaluation(sets, measure: measure).figures { done, total in
            steps.append(done)
            #expect(total == 12)
        }
        #expect(steps == Array(1...12) && all.questions == 12 && all.documents == 3 && all.positions == 12)
        let gap = all.lossNone - all.lossFull
        for (closed, loss) in [
            (all.gapClosedCompressed, all.lossCompressed), (all.gapClosedPassages, all.lossPassages),
            (all.gapClosedHybrid, all.lossHybrid),
        ] {
            #expect(abs(closed.mean - (all.lossNone - loss) / gap) < 1e-9)
            #expect(closed.low <= closed.mean && closed.mean <= closed.high)
        }
        #expect(abs(all.hybridBeyondPassages.mean - (all.lossPassages - all.lossHybrid) / gap) < 1e-9)
        let some = try AnswerEvaluation(sets, measure: measure, count: 5, seed: 3).figures()
        #expect(some.questions == 5 && some.lossesByQuestion.allSatisfy { all.lossesByQuestion.contains($0) })
        let again = try AnswerEvaluation(sets, measure: measure, count: 5, seed: 3).figures()
        #expect(again.lossesByQuestion == some.lossesByQuestion)
        let others = try AnswerEvaluation(sets, measure: measure, count: 5, seed: 4).figures()
        #expect(others.lossesByQuestion != some.lossesByQuestion)
    }

    @Test func nothingToMeasure() throws {
        let measure = try AnswerMeasure(attended(), tokenizer: tokenizer)
        let error = #expect(throws: EvaluationError.self) {
            try AnswerEvaluation([QuestionSet(documents: [])], measure: measure)
        }
        #expect("\(try #require(error))".contains("document"))
    }

    @Test func aQuestionThatDoesNotFit() throws {
        let measure = try AnswerMeasure(attended(), tokenizer: tokenizer)
        let long = Question(
            id: "1", text: String(repeating: "Why? ", count: model.languageModel.window), answers: ["So."])
        #expect(throws: ModelError.self) { try measure.losses(of: document, questions: [long]) }
    }
}

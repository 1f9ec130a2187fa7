import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCODocuments
import LLoCOEvaluation
import LLoCOLibrary
import LLoCOModels
import LLoCOReports
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

/// The losses of answers in every condition against independent computations, and the figures from them.
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

    /// Mean -log p of an answer's tokens after a prompt.
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

    private func parts(
        of text: String, _ compressor: Compressor
    ) throws -> (ids: [Int], vectors: SegmentVectors, segments: [ContextSelection.Segment]) {
        let tokens = try tokenizer.encodeWithOffsets(text, special: .asText)
        let scheme = compressor.scheme
        return (
            tokens.map(\.id), try compressor.compress(tokens.map(\.id)),
            scheme.segments(of: tokens.count).map {
                .init(
                    bytes: tokens[$0.lowerBound].range.lowerBound..<tokens[$0.upperBound - 1].range.upperBound,
                    vectorCount: scheme.vectors(of: $0.count))
            }
        )
    }

    private let questions = [
        Question(id: "1", text: "What was the donkey called?", answers: ["Ottilie", "the donkey"]),
        Question(id: "2", text: "What took the mill?", answers: ["the river"]),
    ]

    /// Budgets of fewer and of more positions than there are vectors.
    @Test(arguments: [false, true], [6, 300])
    func lossesAgreeInEveryCondition(_ keysAndValues: Bool, _ positions: Int) throws {
        let compressor = keysAndValues ? try attended() : model.compressor
        let share = 0.6
        let measure = try AnswerMeasure(
            compressor, tokenizer: tokenizer, size: .positions(positions), textShare: share)
        var progressCalls = 0
        let other = "A mill without a river is a house. " + document
        let found = try measure.losses(
            of: measure.document(document), foreign: measure.document(other), questions: questions
        ) { progressCalls += 1 }
        #expect(progressCalls == 2 && found.count == 2)
        let prompts = try PromptBuilder(recognizing: tokenizer)
        let (ids, vectors, segments) = try parts(of: document, compressor)
        let foreign = try parts(of: other, compressor)
        #expect(6 < vectors.count && vectors.count <= 40)
        let index = try ExcerptIndex([document])
        for (question, losses) in zip(questions, found) {
            let losses = try #require(losses)
            let answer = try prompts.answer(question.answers[0])
            func selection(_ share: Double, _ segments: [ContextSelection.Segment]?) throws -> ContextSelection {
                try ContextSelection(
                    question.text, index, prompts: prompts, segments: segments.map { [$0] },
                    ContextBudget(positions: positions, textShare: share))
            }
            func loss(_ text: [Int], _ rows: [Range<Int>]) throws -> Double {
                try self.loss(
                    compressor, prompts.prompt(question: question.text, context: text), answer,
                    rows.isEmpty ? nil : vectors.selected(rows))
            }
            let (pieces, both) = (try selection(1, nil), try selection(share, segments))
            let rows = try selection(0, segments).rows[0]
            let foreignRows = try ContextSelection(
                question.text, ExcerptIndex([other]), prompts: prompts, segments: [foreign.segments],
                ContextBudget(positions: positions, textShare: 0)
            ).rows[0]
            #expect(rows.reduce(0) { $0 + $1.count } == min(positions, vectors.count))
            #expect(positions == 6 || !pieces.text.isEmpty && !both.text.isEmpty && !both.rows[0].isEmpty)
            for (name, loss, expected) in [
                ("none", losses.none, try loss([], [])), ("full", losses.full, try loss(ids, [])),
                ("passages", losses.passages, try loss(pieces.text, [])),
                ("compressed", losses.compressed, try loss([], rows)),
                (
                    "foreign", try #require(losses.foreign),
                    try self.loss(
                        compressor, prompts.prompt(question: question.text), answer,
                        foreign.vectors.selected(foreignRows))
                ),
                ("hybrid", losses.hybrid, try loss(both.text, both.rows[0])),
            ] {
                #expect(abs(loss - expected) < 1e-4, "\(name)")
            }
            #expect(losses.positions == positions)
        }
    }

    /// A text longer than the context window loses its middle.
    @Test func longTextsLoseTheirMiddle() throws {
        let long = (0..<12).map { "\($0). " + document }.joined(separator: "\n")
        let compressor = try attended()
        let measure = try AnswerMeasure(compressor, tokenizer: tokenizer)
        let found = try measure.losses(of: measure.document(long), questions: questions)
        let prompts = try PromptBuilder(recognizing: tokenizer)
        let window = model.languageModel.window
        let ids = try tokenizer.encode(long, special: .asText)
        #expect(ids.count > window)
        for (question, losses) in zip(questions, found) {
            let answer = try prompts.answer(question.answers[0])
            let empty = try prompts.prompt(question: question.text, context: [0]).count
            let room = (window - empty - answer.count) / (window / 32) * (window / 32)
            let kept = Array(ids.prefix(room / 2) + ids.suffix(room - room / 2))
            let expected = try loss(compressor, prompts.prompt(question: question.text, context: kept), answer, nil)
            #expect(abs(try #require(losses).full - expected) < 1e-4)
            #expect(losses?.foreign == nil)
        }
    }

    @Test func figuresFollowFromLosses() throws {
        func losses(_ foreign: Double?) -> AnswerMeasure.Losses {
            .init(none: 4, compressed: 3, passages: 3.2, hybrid: 2.4, full: 2, foreign: foreign, positions: 10)
        }
        let figures = AnswerFigures([losses(3.6), losses(3.6)], documents: ["a", "b"], omitted: 1, seed: 0)
        for (name, found, expected) in [
            ("compressed", figures.gapClosedCompressed, 0.5), ("passages", figures.gapClosedPassages, 0.4),
            ("hybrid", figures.gapClosedHybrid, 0.8), ("foreign", figures.gapClosedForeign, 0.2),
            ("compressed beyond foreign", figures.compressedBeyondForeign, 0.3),
            ("hybrid beyond compressed", figures.hybridBeyondCompressed, 0.3),
            ("hybrid beyond passages", figures.hybridBeyondPassages, 0.4),
            ("compressed beyond passages", figures.compressedBeyondPassages, 0.1),
        ] {
            #expect(abs(try #require(found).mean - expected) < 1e-9, "\(name)")
        }
        #expect(figures.questions == 2 && figures.documents == 2 && figures.omitted == 1 && figures.lossForeign == 3.6)
        let without = AnswerFigures([losses(3.6), losses(nil)], documents: ["a", "b"], omitted: 0, seed: 0)
        #expect(without.gapClosedForeign == nil && without.compressedBeyondForeign == nil)
        #expect(without.gapClosedCompressed != nil)
    }

    /// Foreign vectors come from the next longer document; for the longest, from the second longest.
    @Test func foreignVectorsComeFromTheNextLongerDocument() throws {
        let texts = [document, document + " " + document, document + " " + document + " It came back in autumn."]
        let measure = try AnswerMeasure(attended(), tokenizer: tokenizer, size: .positions(12))
        let set = QuestionSet(
            documents: texts.enumerated().map { index, text in
                QuestionDocument(id: "\(index)", title: "\(index)", document: text, questions: [questions[0]])
            })
        let figures = try AnswerEvaluation([set], measure: measure).figures()
        let documents = try texts.map { try measure.document($0) }
        for (index, other) in [1, 2, 1].enumerated() {
            let losses = try measure.losses(
                of: documents[index], foreign: documents[other], questions: [questions[0]])
            #expect(figures.lossesByQuestion[index] == losses[0], "document \(index)")
        }
    }

    @Test func figuresCoverTheDrawnQuestions() throws {
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
            #expect((closed == nil) == (gap <= 0))
            guard let closed else { continue }
            #expect(abs(closed.mean - (all.lossNone - loss) / gap) < 1e-9)
            #expect(closed.low <= closed.mean && closed.mean <= closed.high)
        }
        if let gain = all.hybridBeyondPassages {
            #expect(abs(gain.mean - (all.lossPassages - all.lossHybrid) / gap) < 1e-9)
        }
        let foreign = all.lossesByQuestion.compactMap(\.foreign)
        let lossForeign = try #require(all.lossForeign)
        #expect(foreign.count == 12 && abs(lossForeign - foreign.reduce(0, +) / 12) < 1e-9)
        let some = try AnswerEvaluation(sets, measure: measure, count: 5, seed: 3).figures()
        // Foreign vectors depend on the drawn documents, so `hybrid` is compared.
        let known = all.lossesByQuestion.map(\.hybrid)
        #expect(some.questions == 5 && some.lossesByQuestion.allSatisfy { known.contains($0.hybrid) })
        let again = try AnswerEvaluation(sets, measure: measure, count: 5, seed: 3).figures()
        #expect(again.lossesByQuestion == some.lossesByQuestion)
        let others = try AnswerEvaluation(sets, measure: measure, count: 5, seed: 4).figures()
        #expect(others.lossesByQuestion != some.lossesByQuestion)
    }

    @Test func setsWithoutQuestionsAreRefused() throws {
        let measure = try AnswerMeasure(attended(), tokenizer: tokenizer)
        let error = #expect(throws: EvaluationError.self) {
            try AnswerEvaluation([QuestionSet(documents: [])], measure: measure)
        }
        #expect("\(try #require(error))".contains("document"))
    }

    @Test func questionsThatDoNotFitAreSkipped() throws {
        let measure = try AnswerMeasure(attended(), tokenizer: tokenizer)
        let long = Question(
            id: "1", text: String(repeating: "Why? ", count: model.languageModel.window), answers: ["So."])
        let losses = try measure.losses(of: measure.document(document), questions: [long, questions[1]])
        #expect(losses[0] == nil && losses[1] != nil)
        func evaluation(_ questions: [Question]) throws -> AnswerEvaluation {
            try AnswerEvaluation(
                [
                    QuestionSet(documents: [
                        QuestionDocument(id: "a", title: "a", document: document, questions: questions)
                    ])
                ], measure: measure)
        }
        let figures = try evaluation([long, questions[1]]).figures()
        #expect(figures.questions == 1 && figures.omitted == 1)
        #expect(figures.lossForeign == nil && figures.gapClosedForeign == nil)
        #expect(throws: EvaluationError.self) { try evaluation([long]).figures() }
    }
}

import Foundation
import LLoCO
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import Testing

/// Answers in each mode from a library of two groups: contexts, omissions and token counts.
@Suite struct AnswererTests {
    let model: LoadedModel
    let library: SQLiteLibrary
    let answerer: Answerer

    init() async throws {
        model = try LoadedModel.tiny()
        library = try SQLiteLibrary.inMemory()
        answerer = Answerer(model: model, library: library)
        for (name, group, text) in [
            ("river", "water", "The river rose in 1897. It took the mill and the road."),
            ("letter", "paper", "The letter is short. It has a question and no answer."),
            ("road", "paper", "The road was long."),
        ] { _ = try await model.add(text: text, path: "/\(name).txt", group: group, to: library) }
    }

    private func options(_ mode: AnswerMode, documents: [String]? = nil, tokens: Int = 6) -> Answerer.Options {
        var options = Answerer.Options()
        options.mode = mode
        options.documents = documents
        options.generation.maximumTokens = tokens
        return options
    }

    private func count(_ text: String) throws -> Int {
        try model.languageModel.tokenizer.encode(text, special: .asText).count
    }

    private let question = "When did the river rise?"

    private func plainCount(_ question: String? = nil) throws -> Int {
        try model.prompts.prompt(question: question ?? self.question).count
    }

    @Test func modeNoneAnswersWithoutContext() async throws {
        var pieces = ""
        let answer = try await answerer.answer(question, options(.none)) { pieces += $0 }
        #expect(answer.mode == .none)
        #expect(answer.documents == [] && answer.passages == [] && answer.omissions == [])
        #expect(answer.contextTokens == 0)
        #expect(answer.promptTokens == (try plainCount()))
        #expect((1...6).contains(answer.generatedTokens))
        #expect(answer.answer == pieces.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(answer.seconds.total >= answer.seconds.prefill + answer.seconds.decode)
        #expect(try await answerer.answer(question, options(.none)).answer == answer.answer)
    }

    /// A continuation has no chat template in any mode, and its answer is not trimmed.
    @Test func continuationsHaveNoTemplate() async throws {
        for mode in [AnswerMode.none, .full, .retrieval, .compressed, .hybrid] {
            var options = options(mode, documents: ["river.txt"])
            options.form = .continuation(opening: "Go on. ")
            var pieces = ""
            let answer = try await answerer.answer("\nThe road", options) { pieces += $0 }
            #expect(answer.answer == pieces)
            let around = try model.prompts.prompt(question: "\nThe road", form: options.form).count
            // Text that is tokenized in parts may have one more token at a boundary.
            #expect((0...2).contains(answer.promptTokens - answer.contextTokens - around), "\(mode)")
        }
    }

    /// The next question about a text reuses the text's prefill, and its answer equals that without reuse.
    @Test func aTextIsPrefilledOnce() async throws {
        let text = (0..<40).map { "In \(1800 + $0) the river took the road. " }.joined()
        _ = try await model.add(text: text, path: "/years.txt", group: "water", to: library)
        answerer.reusedStep = 64
        let questions = ["What did it take?", "When did the river take the road in the year before?", "Why?"]
        for (index, question) in questions.enumerated() {
            let options = options(.full, documents: ["years.txt"])
            let own = try await answerer.answer(question, options)
            let alone = try await Answerer(model: model, library: library).answer(question, options)
            #expect(own.answer == alone.answer && own.contextTokens == alone.contextTokens)
            #expect(own.promptTokens == alone.promptTokens)
            #expect(alone.reusedSeconds == 0 && alone.secondsAlone == alone.seconds)
            #expect((own.reusedSeconds > 0) == (index > 0))
            let likelihoods = try await answerer.logLikelihoods(of: ["A", "the road"], question, options)
            let reference = try await Answerer(model: model, library: library)
                .logLikelihoods(of: ["A", "the road"], question, options)
            for (likelihood, reference) in zip(likelihoods, reference) {
                #expect(abs(likelihood - reference) < 1e-4 * abs(reference))
            }
            // A question in another mode in between.
            _ = try await answerer.answer(question, self.options(.none))
        }
        let other = try await answerer.answer(question, options(.full, documents: ["river.txt"]))
        #expect(
            other.answer
                == (try await Answerer(model: model, library: library)
                    .answer(question, options(.full, documents: ["river.txt"])).answer))
        #expect(other.reusedSeconds == 0)
    }

    /// The log-likelihood of an answer given its prompt is that of the whole text minus that of the prompt.
    @Test(arguments: [AnswerMode.none, .full])
    func likelihoodsEqualWholeTextMinusPrompt(mode: AnswerMode) async throws {
        let options = options(mode, documents: mode == .none ? nil : ["river.txt"])
        let answers = ["A", "in 1897", "The river took the mill and the road.", ""]
        let likelihoods = try await answerer.logLikelihoods(of: answers, question, options)
        #expect(likelihoods.count == answers.count)
        let context = mode == .none ? "" : try library.text(of: library.document(named: "river.txt").id)
        let prompt = try model.prompts.prompt(
            question: question, context: context.isEmpty ? [] : model.prompts.text(context))
        let own = try model.languageModel.negativeLogLikelihood(of: prompt)
        for (answer, likelihood) in zip(answers, likelihoods) {
            let ids = try model.prompts.answer(answer).dropLast()
            let reference = try own - model.languageModel.negativeLogLikelihood(of: prompt + ids)
            #expect(abs(likelihood - reference) < 1e-3 * max(1, abs(reference)), "\(answer)")
        }
        #expect(likelihoods.allSatisfy { $0 <= 0 } && likelihoods[2] < likelihoods[3])
        // The order of the answers does not change their values.
        #expect(try await answerer.logLikelihoods(of: answers.reversed(), question, options) == likelihoods.reversed())
    }

    @Test func modeCompressedAnswersFromVectors() async throws {
        let answer = try await answerer.answer(question, options(.compressed, documents: ["river.txt"]))
        let vectors = try await library.vectors(
            of: library.document(named: "river.txt").id, identity: model.vectorIdentity)
        #expect(answer.documents == ["river.txt"])
        #expect(answer.contextTokens == vectors.count)
        #expect(answer.promptTokens == vectors.count + (try plainCount()))
        #expect(answer.omissions == [])
        #expect(!answer.passages.isEmpty)
        #expect(answer.passages.allSatisfy { $0.document == "river.txt" && $0.start >= 0 && $0.end > $0.start })
        // The reference continues [vectors ; question] greedily.
        let stored = try vectors.bytes.withUnsafeBytes {
            try Tensor(copying: $0, shape: [vectors.count, vectors.dimension], dtype: .bfloat16)
        }.to(.float32)
        let ids = try model.prompts.prompt(question: question)
        let prompt = try Tensor.concatenated([stored, model.languageModel.decoder.embed(ids)[0]]).unsqueezed(0)
        let generated = try model.languageModel.generate(prompt, options: .init(maximumTokens: 6))
        #expect(answer.answer == generated.text.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(answer.generatedTokens == generated.ids.count)
    }

    @Test func modeFullAnswersFromTheText() async throws {
        let answer = try await answerer.answer(question, options(.full, documents: ["river.txt", "road.txt"]))
        let texts = ["river.txt", "road.txt"].map { name in
            Result { try library.text(of: library.document(named: name).id) }
        }
        #expect(answer.documents == ["river.txt", "road.txt"])
        #expect(answer.contextTokens == (try texts.reduce(0) { try $0 + count($1.get()) }))
        #expect(answer.promptTokens > answer.contextTokens + (try plainCount()))
        #expect(answer.omissions == [])
    }

    @Test func modeRetrievalAnswersFromPassages() async throws {
        let answer = try await answerer.answer(question, options(.retrieval))
        #expect(!answer.passages.isEmpty && answer.passages.count <= 4)
        #expect(Set(answer.documents) == Set(answer.passages.map(\.document)))
        #expect(answer.passages.map(\.score) == answer.passages.map(\.score).sorted(by: >))
        var few = options(.retrieval)
        few.maximumPassages = 1
        let one = try await answerer.answer(question, few)
        #expect(one.passages.count == 1 && one.documents.count == 1)
        let text = try library.text(of: library.document(named: one.documents[0]).id)
        #expect(one.contextTokens == (try count(text)))
        #expect(one.promptTokens > one.contextTokens)
    }

    @Test func severalDocumentsKeepTheirOrder() async throws {
        // One adapter cannot read documents of two groups. Without adapters any documents can be combined.
        let both = self.options(.compressed, documents: ["road.txt", "river.txt"])
        #expect(
            await laterMessage { _ = try await answerer.answer(question, both) }?.contains(
                "in group 'water', 'road.txt' in") == true)
        func options(_ mode: AnswerMode, documents: [String]) -> Answerer.Options {
            var options = self.options(mode, documents: documents)
            options.usesAdapter = false
            return options
        }
        let answer = try await answerer.answer(question, options(.compressed, documents: ["road.txt", "river.txt"]))
        #expect(answer.documents == ["road.txt", "river.txt"])
        #expect(answer.passages.first?.document == "river.txt", "the best passage of both")
        #expect(answer.passages.map(\.score) == answer.passages.map(\.score).sorted(by: >))
        #expect(Set(answer.passages.map(\.document)) == ["road.txt", "river.txt"])
        let names = ["road.txt", "river.txt", "road.txt"]
        let twice = try await answerer.answer(question, options(.compressed, documents: names))
        #expect(twice.documents == answer.documents && twice.contextTokens == answer.contextTokens)
    }

    @Test func groupsAndDocumentsLimitTheSearch() async throws {
        var water = options(.compressed)
        water.group = "paper"
        water.maximumDocuments = 5
        let answer = try await answerer.answer("letter question road", water)
        #expect(Set(answer.documents).isSubset(of: ["letter.txt", "road.txt"]) && !answer.documents.isEmpty)
        water.documents = ["river.txt"]
        #expect(
            await laterMessage { _ = try await answerer.answer(question, water) }?.contains(
                "is in group 'water', not in 'paper'")
                == true)
        water.documents = ["none"]
        #expect(
            await laterMessage { _ = try await answerer.answer(question, water) }?.contains("no document \"none\"")
                == true)
        water.documents = nil
        water.group = "none"
        #expect(
            await laterMessage { _ = try await answerer.answer(question, water) }?.contains("no group 'none'") == true)
        let empty = Answerer(model: model, library: try SQLiteLibrary.inMemory())
        #expect(
            await laterMessage { _ = try await empty.answer(question) }?.contains("no document to answer from") == true)
        let error = await #expect(throws: EngineError.self) { _ = try await empty.answer(question) }
        #expect(error?.hint == .addDocuments(group: nil))
        #expect(await laterMessage { _ = try await answerer.answer(" \n", options(.none)) }?.contains("empty") == true)
    }

    @Test(arguments: AnswerMode.allCases) func aQuestionLongerThanTheWindowIsRejected(mode: AnswerMode) async throws {
        let long = String(repeating: "what river? ", count: 120)
        let line = await laterMessage { _ = try await answerer.answer(long, options(mode, documents: ["river.txt"])) }
        #expect(line?.contains("window holds 512") == true, "\(line ?? "no error")")
        #expect(line?.contains("\(try plainCount(long)) tokens") == true)
    }

    /// The question leaves room for one token of the answer.
    @Test(arguments: AnswerMode.allCases)
    func aQuestionThatFillsTheWindowLeavesNoContext(mode: AnswerMode) async throws {
        let overhead = try plainCount("")
        var question = String(repeating: "z", count: 512 - overhead - 1)
        while try plainCount(question) > 511 { question.removeLast() }
        while try plainCount(question) < 511 { question += "q" }
        let asked = options(mode, documents: ["river.txt"])
        if mode == .none {
            let answer = try await answerer.answer(question, asked)
            #expect(answer.promptTokens == 511 && answer.generatedTokens >= 1)
        } else {
            // An answer without a context would look like one from the documents.
            let line = await laterMessage { _ = try await answerer.answer(question, asked) }
            #expect(line?.contains("no part of the documents fits") == true, "\(line ?? "no error")")
            #expect(line?.contains("river.txt") == true)
        }
    }

    @Test func documentsThatDoNotFitAreOmitted() async throws {
        let text = Sample.text("river", paragraphs: 5)
        let added = try await model.add(text: text, path: "/long.txt", group: "water", to: library)
        #expect(added.tokens > 1000 && added.vectors > 170)
        _ = try await model.add(
            text: Sample.text("mill", paragraphs: 5), path: "/other.txt", group: "water", to: library)
        _ = try await model.add(
            text: Sample.text("road", paragraphs: 5), path: "/third.txt", group: "water", to: library)

        let full = try await answerer.answer(question, options(.full, documents: ["long.txt", "river.txt"]))
        #expect(full.documents == ["long.txt"])
        #expect(full.omissions.count == 2)
        #expect(
            full.omissions[0].contains(
                "'long.txt' was truncated in the middle: \(full.contextTokens) of its \(added.tokens) tokens fit"))
        #expect(full.omissions[1].contains("'river.txt' was left out"))
        #expect(full.promptTokens + 6 <= 512)

        let names = ["long.txt", "other.txt", "third.txt", "river.txt"]
        let compressed = try await answerer.answer(question, options(.compressed, documents: names))
        let left = names.filter { !compressed.documents.contains($0) }
        #expect(!left.isEmpty && !compressed.documents.isEmpty)
        #expect(compressed.omissions.count == left.count)
        for name in left { #expect(compressed.omissions.contains { $0.contains("'\(name)' was left out") }) }
        #expect(compressed.promptTokens < 512)

        var many = options(.retrieval)
        many.maximumPassages = 50
        let passages = try await answerer.answer("river mill road chapter", many)
        #expect(passages.omissions.contains { $0.contains("a passage of") })
        #expect(passages.promptTokens + 6 <= 512)
        #expect(passages.contextTokens > 0)
    }

    /// The group's adapter is active, unless it is disabled or replaced.
    @Test func theNewestAdapterOfTheGroupIsUsed() async throws {
        let fixture = try CompressorFixture()
        let ask = { (uses: Bool) in
            var options = options(.compressed, documents: ["river.txt"], tokens: 24)
            options.usesAdapter = uses
            return try await answerer.answer(question, options).answer
        }
        let plain = try await ask(true)
        let stored = try fixture.adapter().checkpoint().encoded()
        try await library.saveAdapter(
            for: "water", identity: model.vectorIdentity, config: stored.configuration, weights: stored.weights
        )
        let adapted = try await ask(true)
        #expect(adapted != plain)
        #expect(try await ask(false) == plain)
        // Adapters of another group or another model are not used.
        let nothing = try fixture.adapter()
        for pair in nothing.pairs.values { try pair.b.fill(0) }
        let other = try nothing.checkpoint().encoded()
        try await library.saveAdapter(
            for: "paper", identity: model.vectorIdentity, config: other.configuration, weights: other.weights)
        try await library.saveAdapter(
            for: "water", identity: VectorIdentity(model: "m", compressor: "c", variant: "v"),
            config: other.configuration,
            weights: other.weights)
        #expect(try await ask(true) == adapted)
        // A newer adapter is used at once, also by an answerer that has loaded the old one.
        try await library.saveAdapter(
            for: "water", identity: model.vectorIdentity, config: other.configuration, weights: other.weights)
        #expect(try await ask(true) == plain)
        // The same weights with another scale are another adapter, also if the first is loaded.
        var doubled = try fixture.adapter().checkpoint()
        doubled.configuration.alpha *= 8
        let scaled = try doubled.encoded()
        #expect(scaled.weights == stored.weights && scaled.configuration != stored.configuration)
        let newest = try await library.saveAdapter(
            for: "water", identity: model.vectorIdentity, config: scaled.configuration, weights: scaled.weights)
        #expect(
            try await ask(true)
                == Answerer(model: model, library: library).answer(
                    question, options(.compressed, documents: ["river.txt"], tokens: 24)
                ).answer)
        #expect(try await ask(true) != adapted)
        try library.removeAdapter(newest.id)
        #expect(try await ask(true) == plain)
        try answerer.setAdapter(fixture.adapter(), for: "water")
        #expect(try await ask(true) == adapted)
        try answerer.setAdapter(nil, for: "water")
        #expect(try await ask(true) == plain)
    }

    @Test func earlierTurnsAreInThePrompt() async throws {
        var talk = options(.compressed, documents: ["river.txt"])
        talk.history = [ChatMessage(.user, "Who?"), ChatMessage(.assistant, "The miller.")]
        let answer = try await answerer.answer(question, talk)
        let ids = try model.prompts.prompt(question: question, history: talk.history)
        #expect(answer.promptTokens == answer.contextTokens + ids.count)
    }
}

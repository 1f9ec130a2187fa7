import Foundation
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import LLoCOTraining
import Testing

/// The teacher's probabilities, compared with one forward pass over the whole prompt, and the prefix cache.
@Suite struct StudyTeacherTests {
    let model: LoadedModel
    let passage = "The river rose in 1897\nand took the mill."
    let question = "What did it take?"
    let answer = "the mill"

    init() throws { model = try LoadedModel.tiny() }

    private func recipe(_ tokens: Int) -> StudyRecipe {
        var recipe = StudyRecipe()
        recipe.teacherTokens = tokens
        return recipe
    }

    /// The probabilities [V] at each of the last positions.
    private func probabilities(_ ids: [Int], last: Int) throws -> [[Float]] {
        try withoutGradients {
            let decoder = model.languageModel.decoder
            let hidden = try decoder.hiddenStates(decoder.embed(ids), last: last)[0]
            let all = try decoder.logits(hidden).to(.float32).softmax(-1).array(of: Float.self)
            let size = decoder.configuration.vocabularySize
            return (0..<last).map { Array(all[$0 * size..<($0 + 1) * size]) }
        }
    }

    @Test func targetsAreTheModelsProbabilities() throws {
        let tokenizer = try model.languageModel.tokenizer
        let start = tokenizer.addsBeginningOfText ? [tokenizer.beginningOfText].compactMap { $0 } : []
        let script = "Text: The river rose in 1897 and took the mill.\nQuestion: What did it take?\nAnswer: the mill"
        let ids = start + tokenizer.encode(script, special: .asText)
        let learned = try model.prompts.answer(answer)
        let reference = try probabilities(ids, last: learned.count)
        let width = 5
        let teacher = try StudyTeacher(model, recipe: recipe(width))
        try teacher.prefill("Another passage.")
        try teacher.prefill(passage)
        _ = try teacher.answer("What came before?")
        let targets = try teacher.targets(question, answer: answer)
        #expect(targets.answer == learned && targets.width == width)
        #expect(targets.tokens.count == learned.count * width)
        for (row, likely) in reference.enumerated() {
            let tokens = targets.tokens[row * width..<(row + 1) * width].map { Int($0) }
            let shares = Array(targets.shares[row * width..<(row + 1) * width])
            #expect(Set(tokens).count == width)
            #expect(abs(shares.reduce(0, +) - 1) < 1e-5)
            #expect(shares == shares.sorted(by: >))
            // The end token represents all tokens that end a line; the others keep their proportions.
            let end = learned[learned.count - 1]
            let others = tokens.indices.filter { tokens[$0] != end }
            let first = try #require(others.first)
            for index in others {
                let expected = likely[tokens[index]] / likely[tokens[first]]
                #expect(abs(shares[index] / shares[first] - expected) < 1e-3 * expected)
            }
            let minimum = others.map { likely[tokens[$0]] }.min() ?? 0
            let better = likely.indices.filter {
                likely[$0] > minimum && tokenizer.bytes(of: $0).first != UInt8(ascii: "\n")
                    && !tokenizer.endTokens.contains($0)
            }
            #expect(Set(better).isSubset(of: tokens), "row \(row)")
        }
    }

    @Test func targetsOfTheMaximumWidth() throws {
        let teacher = try StudyTeacher(model, recipe: recipe(128))
        try teacher.prefill(passage)
        let targets = try teacher.targets(question, answer: answer)
        #expect(targets.width == 128)
        for row in targets.answer.indices { #expect(Set(targets.tokens[row * 128..<(row + 1) * 128]).count == 128) }
    }

    /// With a general adapter, the teacher uses the prompt that the adapter was trained on.
    @Test func theTeacherUsesTheGeneralAdapter() throws {
        let folder = try TemporaryFolder()
        let checkpoint = try AdapterCheckpoint.read(TestFiles.adapter, as: .float32)
        try GeneralAdapter.write(checkpoint, reading: model.vectorIdentity, to: folder.url.appending(path: "general"))
        let loaded = try LoadedModel.tiny(adapters: [folder.url.appending(path: "general")])
        #expect(try loaded.studyIdentity(recipe(5), seed: 1) != model.studyIdentity(recipe(5), seed: 1))
        let teacher = try StudyTeacher(loaded, recipe: recipe(5))
        try teacher.prefill(passage)
        let targets = try teacher.targets(question, answer: answer)
        let prompts = try loaded.prompts
        let prompt = try prompts.prompt(question: question, context: prompts.text(passage))
        let learned = try prompts.answer(answer)
        let decoder = loaded.languageModel.decoder
        let adapter = try Adapter(checkpoint, for: decoder)
        let best = try withoutGradients {
            let hidden = try decoder.hiddenStates(
                decoder.embed(prompt + learned.dropLast()), adapters: ActiveAdapters([adapter]), last: learned.count)
            return try decoder.logits(hidden[0]).top(1).indices.array(of: Int64.self)
        }
        #expect(targets.tokens.enumerated().filter { $0.offset % 5 == 0 }.map { Int64($0.element) } == best)
    }

    /// A prompt's result does not depend on earlier prompts.
    @Test func theOrderOfPromptsDoesNotMatter() throws {
        let decoder = model.languageModel.decoder
        func states(_ prefixes: PrefixCache, _ ids: [Int], last: Int = 1) throws -> [UInt8] {
            let (cache, rest) = try prefixes.prepare(ids, last: last)
            #expect(
                cache.count + rest.count == ids.count && rest == Array(ids.suffix(rest.count)) && rest.count >= last)
            return try withoutGradients {
                try Array(decoder.hiddenStates(decoder.embed(rest), cache: cache, last: last).bytes())
            }
        }
        let levels = [[5, 6, 7, 8], [5, 6, 7, 8, 9, 10, 11]]
        // Prompts that continue the prefix, are part of it, leave it in the middle, equal it, and share none of it.
        let prompts = [
            levels[1] + [12, 13], [5, 6, 7], levels[0] + [20, 21, 22, 23, 24, 25, 26], levels[1], [30, 31],
            levels[1] + [12, 14],
        ]
        func fresh() throws -> PrefixCache {
            let prefixes = PrefixCache(decoder)
            for (level, ids) in levels.enumerated() { try prefixes.setPrefix(ids, level: level) }
            return prefixes
        }
        let alone = try prompts.map { try states(fresh(), $0) }
        for (ids, found) in zip(prompts, alone) {
            let whole = try withoutGradients { try decoder.hiddenStates(decoder.embed(ids), last: 1) }
            let bytes = found.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            #expect(try relativeError(Tensor(bytes, shape: whole.shape), whole) < referenceTolerance)
        }
        let prefixes = try fresh()
        for _ in 0..<2 {
            for (ids, expected) in zip(prompts, alone) { #expect(try states(prefixes, ids) == expected) }
        }
        // Another second level, which does not begin with all of the first.
        try prefixes.setPrefix([5, 6, 40, 41], level: 1)
        _ = try states(prefixes, [5, 6, 40, 41, 42], last: 3)
        try prefixes.setPrefix(levels[1], level: 1)
        for (ids, expected) in zip(prompts, alone) { #expect(try states(prefixes, ids) == expected) }
    }

    /// With the default model, a greedy answer's tokens, including its end, are the most likely targets.
    @Test(.enabled(if: TestFiles.languageModel != nil, "the default models are not here: run Scripts/bootstrap"))
    func theDefaultModelsAnswersAreItsTargets() throws {
        let model = try LoadedModel.load(LoadedModel.Options(model: #require(TestFiles.languageModel)))
        let teacher = try StudyTeacher(model, recipe: recipe(16))
        try teacher.prefill("The miller Guddhu lived by the river. In 1897 the river rose and took the mill away.")
        var (rows, agreeing) = (0, 0)
        for question in ["Who lived by the river?", "What did the river take?", "When did the river rise?"] {
            let answer = try #require(try teacher.answer(question))
            #expect(!answer.isEmpty && answer.split(separator: " ").count < 12, "\(answer)")
            let targets = try teacher.targets(question, answer: answer)
            #expect(try targets.answer == model.prompts.answer(answer))
            rows += targets.answer.count
            agreeing += targets.answer.indices.count { targets.tokens[$0 * 16] == Int32(targets.answer[$0]) }
        }
        // Answers are decoded with quantized weights, targets with the model's weights: near ties differ.
        #expect(agreeing >= rows - 2, "\(agreeing) of \(rows)")
    }
}

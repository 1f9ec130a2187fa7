import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTokenizers
import LLoCOTorch
import LLoCOTraining
import Testing

/// Parts of training: segment cuts, rows, learning rates, batches, losses.
@Suite struct TrainingTests {
    @Test(arguments: [(6144, 4, 0.33), (64, 4, 0.33), (8, 4, 0.0), (9, 1, 0.9), (100, 7, 0.5)])
    func segmentsCoverARow(tokens: Int, count: Int, jitter: Double) {
        var generator = SplitMix64(seed: 5)
        var seen: Set<[Range<Int>]> = []
        for _ in 0..<50 {
            let cuts = SegmentCuts.random(tokens: tokens, count: count, jitter: jitter, using: &generator)
            seen.insert(cuts)
            #expect(cuts.count == count)
            #expect(cuts.first?.lowerBound == 0 && cuts.last?.upperBound == tokens)
            #expect(zip(cuts, cuts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            let mean = Double(tokens) / Double(count)
            for cut in cuts { #expect(abs(Double(cut.count) - mean) <= jitter * mean + 1) }
        }
        #expect((seen.count > 1) == (jitter > 0 && count > 1))
    }

    @Test func rowsAreSubstringsOfOneText() throws {
        let tokenizer = try TokenizerLoader.load(folder: TestFiles.autocompressor)
        let texts = [Sample.text("river"), "Ein Fluß läuft über 東京 — und weiter. " + Sample.text("größe"), "short one"]
        let corpus = try TrainingText(texts, minimumBytes: 20)
        #expect(corpus.count == 2)
        #expect(corpus.byteCount == texts[0].utf8.count + texts[1].utf8.count)
        var generator = SplitMix64(seed: 2)
        var rows: Set<[Int]> = []
        for _ in 0..<40 {
            let row = corpus.rows(1, tokens: 48, tokenizer, using: &generator)[0]
            #expect(row.count == 48)
            rows.insert(row)
            let text = tokenizer.decode(row, skippingSpecial: false)
            // The row's last token may end inside a character.
            #expect(texts.contains { $0.contains(text.replacing("\u{FFFD}", with: "")) }, "\(text)")
        }
        #expect(rows.count > 30, "rows start at random places")
        var again = SplitMix64(seed: 2)
        #expect(rows.contains(corpus.rows(1, tokens: 48, tokenizer, using: &again)[0]))
        #expect(message { _ = try TrainingText(["", "ab"], minimumBytes: 3) }?.contains("3 bytes") == true)
        #expect(message { _ = try TrainingText([]) } != nil)
    }

    @Test func specialTokensInTrainingTextAreText() throws {
        let tokenizer = try TokenizerLoader.load(folder: TestFiles.autocompressor)
        let corpus = try TrainingText([String(repeating: "</s><s>", count: 60)])
        var generator = SplitMix64(seed: 2)
        #expect(corpus.rows(1, tokens: 30, tokenizer, using: &generator)[0].allSatisfy { !tokenizer.isSpecial($0) })
    }

    @Test func textsAreReadFromFiles() throws {
        let folder = try TemporaryFolder()
        let plain = try folder.write("a.txt", text: "One.\nTwo.")
        #expect(try TrainingText.texts(in: URL(fileURLWithPath: plain)) == ["One.\nTwo."])
        let lines = try folder.write("a.jsonl", text: "{\"text\": \"One.\"}\n\n{\"id\": 1, \"text\": \"Two.\"}\r\n")
        #expect(try TrainingText.texts(in: URL(fileURLWithPath: lines)) == ["One.", "Two."])
        let wrong = try folder.write("b.jsonl", text: "{\"text\": \"One.\"}\n{\"texts\": \"Two.\"}\n")
        #expect(
            message { _ = try TrainingText.texts(in: URL(fileURLWithPath: wrong)) }?.contains("b.jsonl, line 2")
                == true)
        let none = folder.path("none.jsonl")
        #expect(message { _ = try TrainingText.texts(in: URL(fileURLWithPath: none)) }?.contains(none) == true)
    }

    @Test func learningRatesFollowTheSchedule() {
        let linear = LearningRateSchedule(steps: 110, warmupSteps: 10, decay: .linear)
        #expect(linear.share(at: 0) == 0.1)
        #expect(linear.share(at: 9) == 1)
        #expect(linear.share(at: 10) == 1)
        #expect(abs(linear.share(at: 60) - 0.5) < 1e-12)
        #expect(abs(linear.share(at: 109) - 0.01) < 1e-12)
        #expect(linear.share(at: 500) == 0)
        let cosine = LearningRateSchedule(steps: 110, warmupSteps: 10, decay: .cosine)
        #expect(cosine.share(at: 10) == 1)
        #expect(abs(cosine.share(at: 60) - 0.5) < 1e-12)
        #expect(cosine.share(at: 35) > linear.share(at: 35))
        #expect(cosine.share(at: 110) < 1e-12)
        let constant = LearningRateSchedule(steps: 5, warmupSteps: 0, decay: .constant)
        #expect((0..<5).allSatisfy { constant.share(at: $0) == 1 })
        // Degenerate schedules stay in 0...1.
        for decay in LearningRateSchedule.Decay.allCases {
            let none = LearningRateSchedule(steps: 0, warmupSteps: 9, decay: decay)
            #expect((0..<20).allSatisfy { 0...1 ~= none.share(at: $0) })
        }
    }

    @Test func batchesDependOnlyOnTheSeed() {
        var recipe = FinetuningRecipe()
        recipe.batchSize = 8
        recipe.documentsPerBatch = 2
        recipe.epochs = 3
        let documents = (0..<50).map { $0 % 7 }
        func batches(_ seed: UInt64) -> [[Int]] {
            let plan = BatchPlan(documents: documents, recipe: recipe, seed: seed)
            return (0..<plan.steps).map { plan[$0] }
        }
        let plan = batches(1)
        #expect(plan == batches(1))
        let whole = BatchPlan(documents: documents, recipe: recipe, seed: 1)
        #expect(whole.steps == plan.count)
        #expect((0..<whole.steps).reversed().map { whole[$0] } == plan.reversed(), "in any order")
        #expect(plan != batches(2))
        #expect(plan.allSatisfy { (1...8).contains($0.count) })
        // Every example occurs once per epoch, in a different order.
        var seen: [[Int]] = [[]]
        for batch in plan {
            if seen[seen.count - 1].count == 50 { seen.append([]) }
            seen[seen.count - 1] += batch
        }
        #expect(seen.count == 3)
        #expect(seen.allSatisfy { $0.sorted() == Array(0..<50) })
        #expect(Set(seen).count == 3)
        // A batch has few documents, since examples of one document share its vectors.
        let mean = Double(plan.reduce(0) { $0 + Set($1.map { documents[$0] }).count }) / Double(plan.count)
        #expect(mean <= 3.5)
        #expect(BatchPlan(documents: [], recipe: recipe, seed: 1).steps == 0)
    }

    /// A reference implementation that computes the batches of all epochs at once.
    private func reference(_ documents: [Int], _ recipe: FinetuningRecipe, _ seed: UInt64) -> [[Int]] {
        let chunk = max(1, recipe.batchSize / max(1, recipe.documentsPerBatch))
        var batches: [[Int]] = []
        for epoch in 0..<recipe.epochs {
            var generator = SplitMix64(seed: seed &+ UInt64(epoch))
            let shuffled = documents.indices.shuffled(using: &generator)
            var chunks: [[Int]] = []
            for (_, examples) in Dictionary(grouping: shuffled, by: { documents[$0] }).sorted(by: { $0.key < $1.key }) {
                for start in stride(from: 0, to: examples.count, by: chunk) {
                    chunks.append(Array(examples[start..<min(start + chunk, examples.count)]))
                }
            }
            var batch: [Int] = []
            for chunk in chunks.shuffled(using: &generator) {
                if batch.count + chunk.count > recipe.batchSize, !batch.isEmpty {
                    batches.append(batch)
                    batch = []
                }
                batch += chunk
            }
            if !batch.isEmpty { batches.append(batch) }
        }
        return batches
    }

    @Test func batchesMatchTheReference() {
        var generator = SplitMix64(seed: 9)
        var counts: Set<Bool> = []
        for round in 0..<200 {
            var recipe = FinetuningRecipe()
            recipe.batchSize = Int.random(in: 1...12, using: &generator)
            recipe.documentsPerBatch = Int.random(in: 1...14, using: &generator)
            recipe.epochs = Int.random(in: 1...6, using: &generator)
            let number = Int.random(in: 1...9, using: &generator)
            let documents = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                // Some documents have many questions, some have none.
                Int.random(in: 0..<number, using: &generator) * Int.random(in: 0...1, using: &generator)
            }
            let seed = round == 0 ? UInt64.max : generator.next()
            let expected = reference(documents, recipe, seed)
            let plan = BatchPlan(documents: documents, recipe: recipe, seed: seed)
            #expect(plan.steps == expected.count)
            #expect((0..<plan.steps).map { plan[$0] } == expected)
            // Steps are requested in any order: a run may resume in the middle, and requests its last step twice.
            for step in expected.indices.shuffled(using: &generator) { #expect(plan[step] == expected[step]) }
            counts.insert(expected.count % recipe.epochs == 0)
        }
        #expect(counts.count == 2, "the number of batches differs between epochs")
    }

    /// A plan of ten million examples is counted without storing it.
    @Test func aLongPlanIsOnlyCounted() {
        var recipe = FinetuningRecipe()
        recipe.epochs = 10_000
        let documents = (0..<1000).map { $0 % 37 }
        let clock = ContinuousClock()
        var plan: BatchPlan?
        let time = clock.measure { plan = BatchPlan(documents: documents, recipe: recipe, seed: 3) }
        #expect(time < .seconds(60))
        if ProcessInfo.processInfo.environment["LLOCO_MEASURE"] != nil { print("10,000 epochs of 1000: \(time)") }
        guard let plan else { return }
        #expect(plan.steps >= 10_000 * 125)
        recipe.epochs = 1
        // An epoch's batches depend only on its seed.
        let last = reference(documents, recipe, 3 + 9999)
        #expect((plan.steps - last.count..<plan.steps).map { plan[$0] } == last)
    }

    /// The loss and the gradient, computed in chunks, equal those of the plain cross-entropy.
    @Test func chunkedLossIsPlainCrossEntropy() throws {
        let fixture = try CompressorFixture()
        let decoder = fixture.decoder
        let count = 549  // more than one chunk of logits
        let size = decoder.configuration.hiddenSize
        var generator = SplitMix64(seed: 1)
        let input = try Tensor(
            (0..<count * size).map { _ in Float.random(in: -2...2, using: &generator) }, shape: [count, size])
        let labels = (0..<count).map { _ in
            Int.random(in: 0..<decoder.configuration.vocabularySize, using: &generator)
        }
        func gradient(_ body: (Tensor) throws -> Double) throws -> (Double, Tensor) {
            let leaf = try input.cloned()
            try leaf.setRequiresGradient(true)
            let loss = try body(try leaf * 2)
            return (loss, try #require(try leaf.gradient))
        }
        let chunked = try gradient { try CrossEntropyLoss.backward(decoder, hidden: $0, labels: labels, scale: 0.25) }
        let plain = try gradient { hidden in
            let loss = try decoder.logits(hidden).crossEntropy(Tensor(labels), reduction: .sum)
            try (loss * 0.25).backward()
            return try loss.item()
        }
        #expect(relativeError(chunked.0, plain.0) < 1e-5)
        #expect(try relativeError(chunked.1, plain.1) < 1e-5)
    }
}

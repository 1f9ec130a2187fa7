import Foundation
package import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModels
package import LLoCOTokenizers

/// Sampling of training rows.
extension CompressorTrainer {
    /// Shorter segments contain too little to learn from.
    private var minimumSegment: Int { min(64, recipe.segmentTokens) }

    /// Samples up to `count` rows of one objective; a sampled text that is too short gives no row. Rows of equal shape
    /// form one batch.
    package func draw(
        _ count: Int, from text: TrainingText, _ questions: TrainingQuestions?, _ tokenizer: any Tokenizer,
        _ generator: inout SplitMix64
    ) throws -> [any TrainingPass] {
        let objective = objective(&generator)
        if objective == .continuation, let method = scheme.publishedContinuation {
            return continuationRows(count, from: text, method, tokenizer, &generator)
        }
        switch objective {
        case .answering:
            return try (0..<count).compactMap { _ in
                try questions.flatMap { try answeringRow($0, &generator) }.map { CompressedRows(rows: [$0]) }
            }
        case .reconstruction:
            let drawn = text.rows(count, tokens: segmentLength(&generator), tokenizer, using: &generator)
            // The cue for reconstruction: a token that does not occur within a text.
            let cue = decoder.configuration.eosTokenIDs.first ?? 0
            return Self.byLength(drawn).compactMap { rows in
                guard rows[0].count >= minimumSegment else { return nil }
                let vectors = vectorCount(rows[0].count, &generator)
                return CompressedRows(
                    rows: rows.map { ids in
                        CompressedRow(
                            segments: [ids], vectorCounts: [vectors],
                            sequences: [.init(ids: [cue] + ids.prefix(recipe.readingTokens))],
                            objective: .reconstruction)
                    })
            }
        case .continuation, .distillation:
            let lengths = (0..<Int.random(in: 1...recipe.segmentsPerSubstep, using: &generator)).map { _ in
                segmentLength(&generator)
            }
            let requested = lengths.reduce(recipe.readingTokens, +)
            let drawn = text.rows(count, tokens: requested, tokenizer, using: &generator)
            return Self.byLength(drawn).compactMap { rows in
                let length = rows[0].count
                let predicted = min(recipe.readingTokens, length / 3)
                guard predicted >= 2, length - predicted >= minimumSegment else { return nil }
                let lengths = length < requested ? [min(length - predicted, recipe.segmentTokens)] : lengths
                let vectors = lengths.map { vectorCount($0, &generator) }
                return CompressedRows(
                    rows: rows.map { ids in
                        var start = length - predicted - lengths.reduce(0, +)
                        let segments = lengths.map { length in
                            defer { start += length }
                            return Array(ids[start..<start + length])
                        }
                        return CompressedRow(
                            segments: segments, vectorCounts: vectors,
                            sequences: [.init(ids: Array(ids.suffix(predicted)))],
                            objective: objective)
                    })
            }
        }
    }

    /// Samples rows of the published continuation.
    private func continuationRows(
        _ count: Int, from text: TrainingText, _ method: AutoCompressor, _ tokenizer: any Tokenizer,
        _ generator: inout SplitMix64
    ) -> [any TrainingPass] {
        let segments = recipe.substeps * recipe.segmentsPerSubstep
        return text.rows(count, tokens: recipe.rowTokens, tokenizer, using: &generator).compactMap { ids in
            guard ids.count >= 2 * segments else { return nil }
            return ContinuationRow(
                method: method, ids: ids,
                cuts: SegmentCuts.random(
                    tokens: ids.count, count: segments, jitter: recipe.segmentJitter, using: &generator),
                segmentsPerSubstep: recipe.segmentsPerSubstep)
        }
    }

    /// Groups rows by length, in order of first appearance.
    private static func byLength(_ rows: [[Int]]) -> [[[Int]]] {
        rows.reduce(into: []) { groups, row in
            if let index = groups.firstIndex(where: { $0[0].count == row.count }) {
                groups[index].append(row)
            } else {
                groups.append([row])
            }
        }
    }

    /// Samples a row with questions about one document; nil without questions.
    private func answeringRow(_ questions: TrainingQuestions, _ generator: inout SplitMix64) throws -> CompressedRow? {
        guard let item = questions.items.randomElement(using: &generator) else { return nil }
        let document = questions.documents[item.document]
        let (segments, counts) = split(document.ids, &generator)
        let chosen = questions.items.filter { $0.document == item.document }.shuffled(using: &generator)
            .prefix(recipe.questionsPerRow)
        var row = CompressedRow(
            segments: segments, vectorCounts: counts,
            sequences: chosen.map { .init(ids: $0.prompt + $0.answer, start: $0.prompt.count) }, objective: .answering)
        // A share of 0 must not consume random numbers: that would change the rows of older recipes.
        if recipe.hybridShare > 0, let budget = mixture(of: document.ids.count, &generator) {
            let selector = try questions.selector(of: item.document, scheme, counts: counts)
            row.sequences = try chosen.map { item in
                let selection = try selector(item.question, budget)
                let prompt = try questions.prompts.prompt(question: item.question, context: selection.text)
                return .init(ids: prompt + item.answer, start: prompt.count, rows: selection.rows[0])
            }
        }
        if recipe.foreignShare > 0, Double.random(in: 0..<1, using: &generator) < recipe.foreignShare,
            let other = questions.documents.indices.filter({ $0 != item.document }).randomElement(using: &generator)
        {
            let (segments, counts) = split(questions.documents[other].ids, &generator)
            row.distractor = .init(segments: segments, vectorCounts: counts, isFirst: Bool.random(using: &generator))
        }
        return row
    }

    /// A document's segments, and a sampled number of vectors for each.
    private func split(
        _ ids: [Int], _ generator: inout SplitMix64
    ) -> (segments: [[Int]], vectorCounts: [Int]) {
        let segments = scheme.segments(of: ids.count).map { Array(ids[$0]) }
        return (segments, segments.map { vectorCount($0.count, &generator) })
    }

    /// Samples the budget for questions about a document of `tokens` tokens; nil for vectors alone.
    private func mixture(of tokens: Int, _ generator: inout SplitMix64) -> ContextBudget? {
        let defaults = FinetuningRecipe()
        let isSampled = recipe.minimumRatio > 0 && recipe.maximumRatio > 0
        return .sampled(
            ofTokens: tokens, share: recipe.hybridShare,
            ratios: isSampled
                ? (max(1, recipe.minimumRatio), max(1, recipe.maximumRatio))
                : (defaults.minimumRatio, defaults.maximumRatio),
            using: &generator)
    }

    private func objective(_ generator: inout SplitMix64) -> Objective {
        // With continuation alone, as published, no random number is consumed.
        guard recipe.objectives > recipe.continuation else { return .continuation }
        var point = Double.random(in: 0..<recipe.objectives, using: &generator)
        for (objective, share) in [
            (Objective.distillation, recipe.distillation), (.reconstruction, recipe.reconstruction),
            (.answering, recipe.answering),
        ] {
            if point < share { return objective }
            point -= share
        }
        return .continuation
    }

    private func segmentLength(_ generator: inout SplitMix64) -> Int {
        let minimum = Int((Double(recipe.segmentTokens) * (1 - recipe.segmentJitter)).rounded())
        return max(
            minimumSegment,
            Int.random(in: min(minimum, recipe.segmentTokens)...recipe.segmentTokens, using: &generator))
    }

    private func vectorCount(_ tokens: Int, _ generator: inout SplitMix64) -> Int {
        guard recipe.minimumRatio > 0, recipe.maximumRatio > 0 else { return scheme.vectors(of: tokens) }
        let ratio = exp(Double.random(in: log(recipe.minimumRatio)...log(recipe.maximumRatio), using: &generator))
        return min(max(1, Int((Double(tokens) / ratio).rounded())), scheme.vectorLimit(of: tokens))
    }
}

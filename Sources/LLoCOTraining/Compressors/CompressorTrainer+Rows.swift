import Foundation
package import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOModels
package import LLoCOTokenizers

/// What a step reads, drawn from the texts.
extension CompressorTrainer {
    /// A segment that is shorter has too little to carry.
    private var minimumSegment: Int { min(64, recipe.segmentTokens) }

    /// `count` rows of one objective, fewer where a text that was drawn is too short for one. Those of one shape make a pass
    /// together.
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
                try questions.flatMap { try questioned($0, &generator) }.map { MemoryRows(rows: [$0]) }
            }
        case .reconstruction:
            let drawn = text.rows(count, tokens: segmentLength(&generator), tokenizer, using: &generator)
            // What asks for the segment again, as nothing else in a text does.
            let cue = decoder.configuration.eosTokenIDs.first ?? 0
            return Self.byLength(drawn).compactMap { rows in
                guard rows[0].count >= minimumSegment else { return nil }
                let vectors = vectorCount(rows[0].count, &generator)
                return MemoryRows(
                    rows: rows.map { ids in
                        MemoryRow(
                            segments: [ids], vectorCounts: [vectors],
                            readings: [.init(ids: [cue] + ids.prefix(recipe.readingTokens))],
                            objective: .reconstruction)
                    })
            }
        case .continuation, .distillation:
            let lengths = (0..<Int.random(in: 1...recipe.segmentsPerSubstep, using: &generator)).map { _ in
                segmentLength(&generator)
            }
            let wanted = lengths.reduce(recipe.readingTokens, +)
            let drawn = text.rows(count, tokens: wanted, tokenizer, using: &generator)
            return Self.byLength(drawn).compactMap { rows in
                let whole = rows[0].count
                let reading = min(recipe.readingTokens, whole / 3)
                guard reading >= 2, whole - reading >= minimumSegment else { return nil }
                let lengths = whole < wanted ? [min(whole - reading, recipe.segmentTokens)] : lengths
                let vectors = lengths.map { vectorCount($0, &generator) }
                return MemoryRows(
                    rows: rows.map { ids in
                        var start = whole - reading - lengths.reduce(0, +)
                        let segments = lengths.map { length in
                            defer { start += length }
                            return Array(ids[start..<start + length])
                        }
                        return MemoryRow(
                            segments: segments, vectorCounts: vectors,
                            readings: [.init(ids: Array(ids.suffix(reading)))],
                            objective: objective)
                    })
            }
        }
    }

    /// Rows of the published continuation.
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

    /// Rows of equal lengths, in the order in which the lengths came first.
    private static func byLength(_ rows: [[Int]]) -> [[[Int]]] {
        rows.reduce(into: []) { groups, row in
            if let own = groups.firstIndex(where: { $0[0].count == row.count }) {
                groups[own].append(row)
            } else {
                groups.append([row])
            }
        }
    }

    /// Questions about one document; nil where there are none.
    private func questioned(_ questions: TrainingQuestions, _ generator: inout SplitMix64) throws -> MemoryRow? {
        guard let item = questions.items.randomElement(using: &generator) else { return nil }
        let document = questions.documents[item.document]
        let (segments, counts) = cut(document.ids, &generator)
        let asked = questions.items.filter { $0.document == item.document }.shuffled(using: &generator)
            .prefix(recipe.questionsPerRow)
        var row = MemoryRow(
            segments: segments, vectorCounts: counts,
            readings: asked.map { .init(ids: $0.prompt + $0.answer, start: $0.prompt.count) }, objective: .answering)
        // Recipes that have neither draw nothing for them.
        if recipe.hybridShare > 0, let budget = mixture(of: document.ids.count, &generator) {
            let selector = try questions.selector(of: item.document, scheme, counts: counts)
            row.readings = try asked.map { item in
                let selection = try selector(item.question, budget)
                let prompt = try questions.prompts.prompt(question: item.question, context: selection.text)
                return .init(ids: prompt + item.answer, start: prompt.count, rows: selection.rows[0])
            }
        }
        if recipe.foreignShare > 0, Double.random(in: 0..<1, using: &generator) < recipe.foreignShare,
            let other = questions.documents.indices.filter({ $0 != item.document }).randomElement(using: &generator)
        {
            let (segments, counts) = cut(questions.documents[other].ids, &generator)
            row.other = .init(segments: segments, vectorCounts: counts, isFirst: Bool.random(using: &generator))
        }
        return row
    }

    /// A document's segments, and how many vectors are made of each.
    private func cut(
        _ ids: [Int], _ generator: inout SplitMix64
    ) -> (segments: [[Int]], vectorCounts: [Int]) {
        let segments = scheme.segments(of: ids.count).map { Array(ids[$0]) }
        return (segments, segments.map { vectorCount($0.count, &generator) })
    }

    /// The budget for the questions about a document of n tokens, where they are read with vectors and text.
    private func mixture(of tokens: Int, _ generator: inout SplitMix64) -> ContextBudget? {
        let usual = FinetuningRecipe()
        let isDrawn = recipe.minimumRatio > 0 && recipe.maximumRatio > 0
        return .drawn(
            ofTokens: tokens, share: recipe.hybridShare,
            ratios: isDrawn
                ? (max(1, recipe.minimumRatio), max(1, recipe.maximumRatio)) : (usual.minimumRatio, usual.maximumRatio),
            using: &generator)
    }

    private func objective(_ generator: inout SplitMix64) -> Objective {
        // The published recipe draws nothing here.
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

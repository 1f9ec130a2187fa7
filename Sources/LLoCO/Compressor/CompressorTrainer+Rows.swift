import Checkpoints
import Foundation
import Models
import Tokenizers

/// What a step reads, drawn from the texts.
extension CompressorTrainer {
    enum Row {
        /// The published continuation: tokens, the segments that they are cut into, and how many of them nothing predicts
        case published([Int], cuts: [Range<Int>], unpredicted: Int)
        case memory(MemoryRow)

        var tokens: Int {
            switch self {
            case .published(let ids, _, _): ids.count
            case .memory(let row): row.tokens
            }
        }

        /// Tokens that the loss counts.
        var predicted: Int {
            switch self {
            case .published(let ids, _, let unpredicted): ids.count - unpredicted
            case .memory(let row): row.predicted
            }
        }
    }

    private enum Objective { case continuation, distillation, reconstruction, answering }

    /// A segment that is shorter has too little to carry.
    private static let leastSegment = 64

    /// One row; nil where the text that was drawn is too short for it.
    func draw(
        from text: TrainingText, _ questions: TrainingQuestions?, _ tokenizer: any Tokenizer,
        _ generator: inout SplitMix64
    ) -> Row? {
        switch objective(&generator) {
        case .answering:
            guard let questions, let item = questions.items.randomElement(using: &generator) else { return nil }
            let ids = questions.documents[item.document]
            let segments = recipe.scheme.segments(of: ids.count).map { Array(ids[$0]) }
            let asked = questions.items.filter { $0.document == item.document }.shuffled(using: &generator)
            return .memory(
                MemoryRow(
                    segments: segments, vectorCounts: segments.map { vectorCount($0.count, &generator) },
                    readings: asked.prefix(recipe.questionsPerRow).map {
                        .init(ids: $0.prompt + $0.answer, start: $0.prompt.count)
                    }, purpose: .answering))
        case .continuation where scheme.isPublished:
            let ids = text.row(recipe.rowTokens, tokenizer, using: &generator)
            let count = recipe.substeps * recipe.segmentsPerSubstep
            guard ids.count >= 2 * count else { return nil }
            return .published(
                ids,
                cuts: SegmentCuts.random(
                    tokens: ids.count, count: count, jitter: recipe.segmentJitter, using: &generator),
                unpredicted: recipe.substeps)
        case .reconstruction:
            let length = segmentLength(&generator)
            let ids = text.row(length, tokenizer, using: &generator)
            guard ids.count >= Self.leastSegment else { return nil }
            // What asks for the segment again, as nothing else in a text does.
            let cue = decoder.configuration.eosTokenIDs.first ?? 0
            return .memory(
                MemoryRow(
                    segments: [ids], vectorCounts: [vectorCount(ids.count, &generator)],
                    readings: [.init(ids: [cue] + ids.prefix(recipe.readingTokens))]))
        case let objective:
            var lengths = (0..<Int.random(in: 1...recipe.segmentsPerSubstep, using: &generator)).map { _ in
                segmentLength(&generator)
            }
            let wanted = lengths.reduce(recipe.readingTokens, +)
            let ids = text.row(wanted, tokenizer, using: &generator)
            let reading = min(recipe.readingTokens, ids.count / 3)
            guard reading >= 2, ids.count - reading >= Self.leastSegment else { return nil }
            if ids.count < wanted { lengths = [min(ids.count - reading, recipe.segmentTokens)] }
            let before = ids.dropLast(reading)
            var start = before.count - lengths.reduce(0, +)
            let segments = lengths.map { length in
                defer { start += length }
                return Array(before[start..<start + length])
            }
            return .memory(
                MemoryRow(
                    segments: segments, vectorCounts: lengths.map { vectorCount($0, &generator) },
                    readings: [.init(ids: Array(ids.suffix(reading)))],
                    purpose: objective == .distillation ? .distillation : .text))
        }
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
        let least = Int((Double(recipe.segmentTokens) * (1 - recipe.segmentJitter)).rounded())
        return max(
            Self.leastSegment,
            Int.random(in: min(least, recipe.segmentTokens)...recipe.segmentTokens, using: &generator))
    }

    private func vectorCount(_ tokens: Int, _ generator: inout SplitMix64) -> Int {
        guard recipe.leastRatio > 0, recipe.mostRatio > 0 else { return scheme.vectors(of: tokens) }
        let ratio = exp(Double.random(in: log(recipe.leastRatio)...log(recipe.mostRatio), using: &generator))
        let count = max(1, Int((Double(tokens) / ratio).rounded()))
        return switch scheme.summaryInput {
        case .learned: min(count, recipe.summaryTokens)
        case .picked: count
        case .attended: min(count, tokens)
        }
    }
}

import Checkpoints
import Foundation
package import Models
package import Tokenizers

/// What a step reads, drawn from the texts.
extension CompressorTrainer {
    /// Rows that are computed together.
    package enum Pass {
        /// The published continuation, one row: tokens, the segments that they are cut into, and how many of them nothing
        /// predicts
        case published([Int], cuts: [Range<Int>], unpredicted: Int)
        /// Rows of one shape
        case memory([MemoryRow])

        package var rows: Int {
            switch self {
            case .published: 1
            case .memory(let rows): rows.count
            }
        }

        var tokens: Int {
            switch self {
            case .published(let ids, _, _): ids.count
            case .memory(let rows): rows.reduce(0) { $0 + $1.tokens }
            }
        }

        /// Tokens of each row that the loss counts.
        var predictedByRow: Int {
            switch self {
            case .published(let ids, _, let unpredicted): ids.count - unpredicted
            case .memory(let rows): rows[0].predicted
            }
        }
    }

    private enum Objective { case continuation, distillation, reconstruction, answering }

    /// A segment that is shorter has too little to carry.
    private static let leastSegment = 64

    /// Up to `count` rows of one shape; nil where the texts that were drawn are too short for any. Documents that are asked
    /// about come one at a time.
    package func draw(
        _ count: Int, from text: TrainingText, _ questions: TrainingQuestions?, _ tokenizer: any Tokenizer,
        _ generator: inout SplitMix64
    ) -> Pass? {
        /// Rows of a text's tokens: all of one length, or one that is shorter.
        func rows(_ length: Int) -> [[Int]] {
            let drawn = text.rows(count, tokens: length, tokenizer, using: &generator)
            let whole = drawn.filter { $0.count == length }
            return whole.isEmpty ? Array(drawn.prefix(1)) : whole
        }
        switch objective(&generator) {
        case .answering:
            guard let questions, let item = questions.items.randomElement(using: &generator) else { return nil }
            let ids = questions.documents[item.document]
            let segments = recipe.scheme.segments(of: ids.count).map { Array(ids[$0]) }
            let asked = questions.items.filter { $0.document == item.document }.shuffled(using: &generator)
            return .memory([
                MemoryRow(
                    segments: segments, vectorCounts: segments.map { vectorCount($0.count, &generator) },
                    readings: asked.prefix(recipe.questionsPerRow).map {
                        .init(ids: $0.prompt + $0.answer, start: $0.prompt.count)
                    }, purpose: .answering)
            ])
        case .continuation where scheme.isPublished:
            let ids = text.rows(1, tokens: recipe.rowTokens, tokenizer, using: &generator)[0]
            let count = recipe.substeps * recipe.segmentsPerSubstep
            guard ids.count >= 2 * count else { return nil }
            return .published(
                ids,
                cuts: SegmentCuts.random(
                    tokens: ids.count, count: count, jitter: recipe.segmentJitter, using: &generator),
                unpredicted: recipe.substeps)
        case .reconstruction:
            let drawn = rows(segmentLength(&generator))
            guard drawn[0].count >= Self.leastSegment else { return nil }
            // What asks for the segment again, as nothing else in a text does.
            let cue = decoder.configuration.eosTokenIDs.first ?? 0
            let vectors = vectorCount(drawn[0].count, &generator)
            return .memory(
                drawn.map { ids in
                    MemoryRow(
                        segments: [ids], vectorCounts: [vectors],
                        readings: [.init(ids: [cue] + ids.prefix(recipe.readingTokens))])
                })
        case let objective:
            var lengths = (0..<Int.random(in: 1...recipe.segmentsPerSubstep, using: &generator)).map { _ in
                segmentLength(&generator)
            }
            let wanted = lengths.reduce(recipe.readingTokens, +)
            let drawn = rows(wanted)
            let whole = drawn[0].count
            let reading = min(recipe.readingTokens, whole / 3)
            guard reading >= 2, whole - reading >= Self.leastSegment else { return nil }
            if whole < wanted { lengths = [min(whole - reading, recipe.segmentTokens)] }
            let vectors = lengths.map { vectorCount($0, &generator) }
            return .memory(
                drawn.map { ids in
                    var start = whole - reading - lengths.reduce(0, +)
                    let segments = lengths.map { length in
                        defer { start += length }
                        return Array(ids[start..<start + length])
                    }
                    return MemoryRow(
                        segments: segments, vectorCounts: vectors, readings: [.init(ids: Array(ids.suffix(reading)))],
                        purpose: objective == .distillation ? .distillation : .text)
                })
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

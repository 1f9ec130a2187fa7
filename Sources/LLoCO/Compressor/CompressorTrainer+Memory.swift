import Checkpoints
import Models
import Torch

/// Objectives that are about what vectors carry: segments become vectors, and something is read after these alone.
extension CompressorTrainer {
    /// What is read after a text's vectors.
    package struct MemoryRow {
        package var segments: [[Int]]
        /// Vectors of each segment
        package var vectorCounts: [Int]
        /// Read after the vectors
        package var reading: [Int]
        /// The first of `reading` that is predicted, 1 or more
        package var start: Int
        package var isDistilled: Bool

        package init(segments: [[Int]], vectorCounts: [Int], reading: [Int], start: Int = 1, isDistilled: Bool) {
            self.segments = segments
            self.vectorCounts = vectorCounts
            self.reading = reading
            self.start = start
            self.isDistilled = isDistilled
        }

        var tokens: Int { segments.reduce(reading.count) { $0 + $1.count } }
        var predicted: Int { reading.count - start }
    }

    /// The likeliest tokens of a teacher's prediction, of which the rest is forgotten.
    private static let teacherTokens = 32

    /// The gradients of scale · loss over what a row predicts; returns the sum, unscaled.
    ///
    /// The loss is -log p of the text's own tokens or, distilled, the cross-entropy with what the model as it is predicts
    /// after the text itself.
    package func backward(_ row: MemoryRow, scale: Double) throws -> Double {
        let adapters = ActiveAdapters([adapter], appliesDropout: true)
        let readingAdapters = scheme.adapterScope == .everywhere ? adapters : .none
        let recomputes = checkpointing.applies(to: decoder, positions: row.tokens)
        let pass = SegmentPass(
            decoder: decoder, scheme: scheme, embedSummary: embedSummary, adapters: adapters, recomputes: recomputes)
        var parts: [Tensor] = []
        var text: KeyValueCache?
        for (segment, count) in zip(row.segments, row.vectorCounts) {
            let previous: Tensor? =
                switch scheme.carry {
                case .accumulated: parts.isEmpty ? nil : try .concatenated(parts)
                case .newest: parts.last
                case .independent: nil
                }
            let cache = try decoder.emptyContext(scheme.form)
            if scheme.form == .keysAndValues, let previous { try decoder.append(previous, to: cache) }
            parts.append(
                try pass.vectors(
                    of: segment, pending: scheme.form == .embeddings ? previous : nil, cache: cache, count: count))
            text = cache
        }
        let targets = try row.isDistilled ? teacherTargets(row, text: text) : nil
        let vectors = try Tensor.concatenated(parts)
        let read = try decoder.reading(vectors, before: decoder.embed(row.reading), scheme: scheme)
        let hidden = try decoder.hiddenStates(
            read.embeddings, cache: read.context, adapters: readingAdapters, last: row.reading.count,
            recomputes: recomputes)[0]
        let predictors = try hidden.narrowed(0, start: row.start - 1, length: row.predicted)
        guard let targets else {
            return try LabelledLoss.backward(
                decoder, hidden: predictors, labels: Array(row.reading[row.start...]), scale: scale)
        }
        let (sum, gradient) = try decoder.crossEntropy(
            predictors.detached(), targets: targets.tokens, shares: targets.shares, gradientScale: scale)
        try predictors.backward(gradient)
        return sum
    }

    /// What the model as it is predicts after the text itself: its likeliest tokens and their shares, [predicted, K] each.
    ///
    /// - Parameter text: what was seen of the only segment, where the adapter had no part in it
    private func teacherTargets(_ row: MemoryRow, text: KeyValueCache?) throws -> (tokens: Tensor, shares: Tensor) {
        try withoutGradients {
            let cache: KeyValueCache
            if row.segments.count == 1, scheme.adapterScope == .summaries, let text {
                cache = text
            } else {
                cache = try decoder.emptyContext(scheme.form)
                _ = try decoder.hiddenStates(decoder.embed(row.segments.flatMap { $0 }), cache: cache, last: 0)
            }
            let hidden = try decoder.hiddenStates(decoder.embed(row.reading), cache: cache)[0]
                .narrowed(0, start: row.start - 1, length: row.predicted)
            var tokens: [Tensor] = []
            var shares: [Tensor] = []
            for start in stride(from: 0, to: row.predicted, by: 256) {
                let scores = try decoder.logits(hidden[start..<min(start + 256, row.predicted)])
                let best = try scores.top(min(Self.teacherTokens, scores.size(1)))
                tokens.append(best.indices)
                shares.append(try best.values.to(.float32).softmax(-1))
            }
            return (try .concatenated(tokens), try .concatenated(shares))
        }
    }
}

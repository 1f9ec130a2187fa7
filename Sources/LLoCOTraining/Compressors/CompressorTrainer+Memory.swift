import LLoCOBase
import LLoCOCompression
import LLoCOModels
import LLoCOTorch

/// Objectives that are about what vectors carry: segments become vectors, and something is read after these alone.
extension CompressorTrainer {
    /// What is read after a text's vectors.
    package struct MemoryRow {
        package var segments: [[Int]]
        /// Vectors of each segment
        package var vectorCounts: [Int]
        /// What is read after the vectors, each for itself; one but for answers
        package var readings: [Reading]
        package var objective: Objective

        package struct Reading {
            package var ids: [Int]
            /// The first of `ids` that is predicted, 1 or more
            package var start: Int
            var predicted: Int { ids.count - start }

            package init(ids: [Int], start: Int = 1) {
                self.ids = ids
                self.start = start
            }
        }

        package init(
            segments: [[Int]], vectorCounts: [Int], readings: [Reading], objective: Objective = .continuation
        ) {
            self.segments = segments
            self.vectorCounts = vectorCounts
            self.readings = readings
            self.objective = objective
        }

        var tokens: Int { (segments.map(\.count) + readings.map(\.ids.count)).reduce(0, +) }
        var predicted: Int { readings.reduce(0) { $0 + $1.predicted } }

        /// What rows have to have in common to be computed together.
        package var shape: [[Int]] {
            [segments.map(\.count), vectorCounts, readings.flatMap { [$0.ids.count, $0.start] }]
        }
    }

    /// Rows of one shape, one or more.
    package struct MemoryRows: TrainingPass {
        package let rows: [MemoryRow]

        package var objective: Objective { rows[0].objective }
        package var rowCount: Int { rows.count }
        package var tokens: Int { rows.reduce(0) { $0 + $1.tokens } }
        package var predictedByRow: Int { rows[0].predicted }

        package func backward(_ trainer: CompressorTrainer, scale: Double) throws -> Double {
            try trainer.backward(rows, scale: scale)
        }
    }

    /// The likeliest tokens of a teacher's prediction, of which the rest is forgotten.
    private static let teacherTokens = 32

    /// What the segments of a step are compressed with.
    ///
    /// - Parameter positions: of the pass, over all sequences
    func pass(positions: Int) -> SegmentPass {
        SegmentPass(
            decoder: decoder, embedSummary: embedSummary, adapters: ActiveAdapters([adapter], appliesDropout: true),
            recomputes: checkpointing.applies(to: decoder, positions: positions))
    }

    /// The gradients of scale · loss over what a row predicts; returns the sum, unscaled.
    package func backward(_ row: MemoryRow, scale: Double) throws -> Double { try backward([row], scale: scale) }

    /// The gradients of scale · loss over what rows of one shape predict; returns the sum, unscaled.
    ///
    /// The loss is -log p of the text's own tokens or, distilled, the cross-entropy with what the model as it is predicts
    /// after the text itself.
    package func backward(_ rows: [MemoryRow], scale: Double) throws -> Double {
        guard let row = rows.first, row.segments.count == row.vectorCounts.count,
            rows.allSatisfy({ $0.shape == row.shape && $0.objective == row.objective }),
            rows.count == 1 || row.readings.count == 1
        else {
            throw TrainingError(
                .invalid, "rows of several shapes or objectives, or with several readings, make no pass together")
        }
        let method = scheme.segmentCompressor
        let pass = pass(positions: rows.count * row.tokens)
        var parts: [SegmentVectors] = []
        var text: KeyValueCache?
        for (index, count) in row.vectorCounts.enumerated() {
            let previous: SegmentVectors? =
                switch scheme.carry {
                case .accumulated: parts.isEmpty ? nil : try .concatenated(parts)
                case .newest: parts.last
                case .independent: nil
                }
            let cache = try decoder.emptyContext(method.form, sequences: rows.count)
            parts.append(
                try method.vectors(
                    of: rows.map { $0.segments[index] }, count: count, after: previous, in: cache, pass))
            text = cache
        }
        let targets = try row.objective == .distillation ? teacherTargets(rows, text: text) : nil
        let own = method.adapterScope.includesReading ? [adapter] : []
        let readers = ActiveAdapters(
            own + (row.objective == .answering ? reader.map { [$0] } ?? [] : []), appliesDropout: true)
        let context = try decoder.context(
            .concatenated(parts), reading: scheme.reading(), adapters: readers, recomputes: pass.recomputes)
        let readings = rows.flatMap(\.readings)
        let predictors = try Tensor.concatenated(
            decoder.predictors(
                of: readings.map { ($0.ids, $0.start) }, after: context, adapters: readers, recomputes: pass.recomputes)
        )
        guard let targets else {
            return try LabelledLoss.backward(
                decoder, hidden: predictors, labels: readings.flatMap { $0.ids[$0.start...] }, scale: scale)
        }
        let (sum, gradient) = try decoder.crossEntropy(
            predictors.detached(), targets: targets.tokens, shares: targets.shares, gradientScale: scale)
        try predictors.backward(gradient)
        return sum
    }

    /// What the model as it is predicts after the texts themselves: its likeliest tokens and their shares,
    /// [rows · predicted, K] each.
    ///
    /// - Parameter text: what was seen of the only segments, where the adapter had no part in it
    private func teacherTargets(
        _ rows: [MemoryRow], text: KeyValueCache?
    ) throws -> (tokens: Tensor, shares: Tensor) {
        let row = rows[0]
        return try withoutGradients {
            let cache: KeyValueCache
            if row.segments.count == 1, !scheme.segmentCompressor.adapterScope.includesText, let text {
                cache = text
            } else {
                cache = try decoder.emptyContext(scheme.segmentCompressor.form, sequences: rows.count)
                _ = try decoder.hiddenStates(
                    decoder.embed(rows.map { $0.segments.flatMap { $0 } }), cache: cache, last: 0)
            }
            let hidden = try decoder.hiddenStates(decoder.embed(rows.map { $0.readings[0].ids }), cache: cache)
                .narrowed(1, start: row.readings[0].start - 1, length: row.predicted)
                .reshaped([rows.count * row.predicted, -1])
            var tokens: [Tensor] = []
            var shares: [Tensor] = []
            try decoder.eachLogits(of: hidden) { logits, _ in
                let best = try logits.top(min(Self.teacherTokens, logits.size(1)))
                tokens.append(best.indices)
                shares.append(try best.values.to(.float32).softmax(-1))
            }
            return (try .concatenated(tokens), try .concatenated(shares))
        }
    }
}

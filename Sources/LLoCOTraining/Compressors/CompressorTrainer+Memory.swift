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
        /// Another text whose vectors are read beside these; nil for none
        package var other: Other?

        package struct Reading {
            package var ids: [Int]
            /// The first of `ids` that is predicted, 1 or more
            package var start: Int
            /// Which of the vectors are read; nil for all
            package var rows: [Range<Int>]?
            var labels: ArraySlice<Int> { ids[start...] }
            var predicted: Int { ids.count - start }

            package init(ids: [Int], start: Int = 1, rows: [Range<Int>]? = nil) {
                self.ids = ids
                self.start = start
                self.rows = rows
            }
        }

        package struct Other {
            package var segments: [[Int]]
            /// Vectors of each segment
            package var vectorCounts: [Int]
            /// Whether they stand before the right ones, or behind them
            package var isFirst: Bool

            package init(segments: [[Int]], vectorCounts: [Int], isFirst: Bool) {
                self.segments = segments
                self.vectorCounts = vectorCounts
                self.isFirst = isFirst
            }
        }

        package init(
            segments: [[Int]], vectorCounts: [Int], readings: [Reading], objective: Objective = .continuation,
            other: Other? = nil
        ) {
            self.segments = segments
            self.vectorCounts = vectorCounts
            self.readings = readings
            self.objective = objective
            self.other = other
        }

        var tokens: Int {
            (segments + (other?.segments ?? []) + readings.map(\.ids)).reduce(0) { $0 + $1.count }
        }
        var predicted: Int { readings.reduce(0) { $0 + $1.predicted } }

        /// Those that read the same vectors together, in the order of the first of each.
        var readingsByRows: [[Reading]] {
            readings.reduce(into: []) { groups, reading in
                if let own = groups.firstIndex(where: { $0[0].rows == reading.rows }) {
                    groups[own].append(reading)
                } else {
                    groups.append([reading])
                }
            }
        }

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
        let pass = pass(positions: rows.count * row.tokens)
        let (vectors, text) = try vectors(of: rows.map(\.segments), counts: row.vectorCounts, pass)
        if row.objective == .answering { return try backward(row, reading: vectors, pass, scale: scale) }
        let targets = try row.objective == .distillation ? teacherTargets(rows, text: text) : nil
        let predictors = try Tensor.concatenated(
            predictors(of: rows.flatMap(\.readings), after: vectors, readers(), pass))
        guard let targets else {
            return try LabelledLoss.backward(
                decoder, hidden: predictors, labels: rows.flatMap { $0.readings[0].labels }, scale: scale)
        }
        let (sum, gradient) = try decoder.crossEntropy(
            predictors.detached(), targets: targets.tokens, shares: targets.shares, gradientScale: scale)
        try predictors.backward(gradient)
        return sum
    }

    /// The vectors of texts, and what was seen of their last segments' text. Gradients flow.
    ///
    /// - Parameters:
    ///   - texts: the segments of each, of equal lengths
    ///   - counts: the vectors of each segment
    private func vectors(
        of texts: [[[Int]]], counts: [Int], _ pass: SegmentPass
    ) throws -> (vectors: SegmentVectors, text: KeyValueCache?) {
        let method = scheme.segmentCompressor
        var parts: [SegmentVectors] = []
        var text: KeyValueCache?
        for (index, count) in counts.enumerated() {
            let previous: SegmentVectors? =
                switch scheme.carry {
                case .accumulated: parts.isEmpty ? nil : try .concatenated(parts)
                case .newest: parts.last
                case .independent: nil
                }
            let cache = try decoder.emptyContext(method.form, sequences: texts.count)
            parts.append(
                try method.vectors(of: texts.map { $0[index] }, count: count, after: previous, in: cache, pass))
            text = cache
        }
        return (try .concatenated(parts), text)
    }

    /// What vectors are read with.
    private func readers(_ reader: Adapter? = nil) -> ActiveAdapters {
        let own = scheme.segmentCompressor.adapterScope.includesReading ? [adapter] : []
        return ActiveAdapters(own + (reader.map { [$0] } ?? []), appliesDropout: true)
    }

    /// The hidden states that predict each reading's labels.
    private func predictors(
        of readings: [MemoryRow.Reading], after vectors: SegmentVectors, _ readers: ActiveAdapters, _ pass: SegmentPass
    ) throws -> [Tensor] {
        let context =
            vectors.count == 0
            ? nil
            : try decoder.context(vectors, reading: scheme.reading(), adapters: readers, recomputes: pass.recomputes)
        return try decoder.predictors(
            of: readings.map { ($0.ids, $0.start) }, after: context, adapters: readers, recomputes: pass.recomputes)
    }

    /// The gradients of scale · loss over a row's answers; returns the sum, unscaled.
    ///
    /// Readings of the same vectors are computed together. What flows back to the vectors is added up, and goes on to the
    /// compressor once.
    private func backward(
        _ row: MemoryRow, reading vectors: SegmentVectors, _ pass: SegmentPass, scale: Double
    ) throws -> Double {
        let read = SegmentVectors(try vectors.values.detached(), bias: vectors.bias, places: vectors.places)
        try read.values.setRequiresGradient(true)
        let other = try row.other.map { other in
            // Without gradients: it is only in the way.
            try withoutGradients { try self.vectors(of: [other.segments], counts: other.vectorCounts, pass).vectors }
        }
        let readers = readers(reader)
        var sum = 0.0
        for readings in row.readingsByRows {
            var context = try readings[0].rows.map { $0.isEmpty ? try read.last(0) : try read.selected($0) } ?? read
            if let other, context.count > 0 {
                context = try .concatenated(row.other?.isFirst == true ? [other, context] : [context, other])
            }
            sum += try LabelledLoss.backward(
                decoder, hidden: .concatenated(predictors(of: readings, after: context, readers, pass)),
                labels: readings.flatMap(\.labels), scale: scale)
        }
        if let gradient = try read.values.gradient { try vectors.values.backward(gradient) }
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

import LLoCOBase
import LLoCOCompression
import LLoCOModels
import LLoCOTorch

/// Objectives that compress segments and predict sequences from the vectors alone.
extension CompressorTrainer {
    /// One training example: segments to compress, and the sequences predicted from their vectors.
    package struct CompressedRow {
        package var segments: [[Int]]
        /// Number of vectors of each segment
        package var vectorCounts: [Int]
        /// The sequences that are predicted after the vectors, independent of each other; one unless the objective is
        /// `answering`
        package var sequences: [PredictedSequence]
        package var objective: Objective
        /// Another text whose vectors stand in the context too; nil for none
        package var distractor: Distractor?

        /// A sequence that follows the vectors and whose end is predicted.
        package struct PredictedSequence {
            package var ids: [Int]
            /// The index of the first predicted token, 1 or more
            package var start: Int
            /// Ranges of the vectors in the sequence's context; nil for all
            package var rows: [Range<Int>]?
            var labels: ArraySlice<Int> { ids[start...] }
            var predicted: Int { ids.count - start }

            package init(ids: [Int], start: Int = 1, rows: [Range<Int>]? = nil) {
                self.ids = ids
                self.start = start
                self.rows = rows
            }
        }

        /// Another text, compressed like the row's.
        package struct Distractor {
            package var segments: [[Int]]
            /// Number of vectors of each segment
            package var vectorCounts: [Int]
            /// Whether its vectors precede the row's; they follow them otherwise
            package var isFirst: Bool

            package init(segments: [[Int]], vectorCounts: [Int], isFirst: Bool) {
                self.segments = segments
                self.vectorCounts = vectorCounts
                self.isFirst = isFirst
            }
        }

        package init(
            segments: [[Int]], vectorCounts: [Int], sequences: [PredictedSequence],
            objective: Objective = .continuation, distractor: Distractor? = nil
        ) {
            self.segments = segments
            self.vectorCounts = vectorCounts
            self.sequences = sequences
            self.objective = objective
            self.distractor = distractor
        }

        var tokens: Int {
            (segments + (distractor?.segments ?? []) + sequences.map(\.ids)).reduce(0) { $0 + $1.count }
        }
        var predicted: Int { sequences.reduce(0) { $0 + $1.predicted } }

        /// The sequences, grouped by the vectors in their context, in order of first appearance.
        var sequencesByRows: [[PredictedSequence]] {
            sequences.reduce(into: []) { groups, sequence in
                if let index = groups.firstIndex(where: { $0[0].rows == sequence.rows }) {
                    groups[index].append(sequence)
                } else {
                    groups.append([sequence])
                }
            }
        }

        /// Rows of equal shape can be computed as one batch.
        package var shape: [[Int]] {
            [segments.map(\.count), vectorCounts, sequences.flatMap { [$0.ids.count, $0.start] }]
        }
    }

    /// One or more rows of equal shape.
    package struct CompressedRows: TrainingPass {
        package let rows: [CompressedRow]

        package var objective: Objective { rows[0].objective }
        package var rowCount: Int { rows.count }
        package var tokens: Int { rows.reduce(0) { $0 + $1.tokens } }
        package var predictedByRow: Int { rows[0].predicted }

        package func backward(_ trainer: CompressorTrainer, scale: Double) throws -> Double {
            try trainer.backward(rows, scale: scale)
        }
    }

    /// Distillation uses this many of the teacher's most likely tokens.
    private static let teacherTokens = 32

    /// The decoder, embeddings and adapters that compress a step's segments.
    ///
    /// - Parameter positions: number of positions in the forward pass, over all sequences
    func pass(positions: Int) -> SegmentPass {
        SegmentPass(
            decoder: decoder, embedSummary: embedSummary, adapters: ActiveAdapters([adapter], appliesDropout: true),
            recomputes: checkpointing.applies(to: decoder, positions: positions))
    }

    /// Accumulates the gradients of scale · loss over a row's predicted tokens; returns the unscaled sum of losses.
    package func backward(_ row: CompressedRow, scale: Double) throws -> Double { try backward([row], scale: scale) }

    /// Accumulates the gradients of scale · loss over the predicted tokens of rows of equal shape; returns the unscaled
    /// sum of losses.
    ///
    /// The loss is -log p of the tokens. In distillation it is the cross-entropy with the base model's prediction after
    /// the uncompressed text.
    ///
    /// - Throws: `TrainingError` if the rows' shapes or objectives differ, or several rows have several sequences.
    package func backward(_ rows: [CompressedRow], scale: Double) throws -> Double {
        guard let row = rows.first, row.segments.count == row.vectorCounts.count,
            rows.allSatisfy({ $0.shape == row.shape && $0.objective == row.objective }),
            rows.count == 1 || row.sequences.count == 1
        else {
            throw TrainingError(
                .invalid,
                "a batch of rows with different shapes or objectives, or with several sequences per row, "
                    + "expected equal shapes and objectives, and one sequence per row")
        }
        let pass = pass(positions: rows.count * row.tokens)
        let (vectors, text) = try vectors(of: rows.map(\.segments), counts: row.vectorCounts, pass)
        if row.objective == .answering { return try backward(row, after: vectors, pass, scale: scale) }
        let targets = try row.objective == .distillation ? teacherTargets(rows, text: text) : nil
        let predictors = try Tensor.concatenated(
            predictors(of: rows.flatMap(\.sequences), after: vectors, readers(), pass))
        guard let targets else {
            return try CrossEntropyLoss.backward(
                decoder, hidden: predictors, labels: rows.flatMap { $0.sequences[0].labels }, scale: scale)
        }
        let (sum, gradient) = try decoder.crossEntropy(
            predictors.detached(), targets: targets.tokens, shares: targets.shares, gradientScale: scale)
        try predictors.backward(gradient)
        return sum
    }

    /// Compresses texts. Returns their vectors and the cache of their last segments' text. Gradients flow.
    ///
    /// - Parameters:
    ///   - texts: each text's segments; corresponding segments have equal lengths
    ///   - counts: number of vectors of each segment
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

    /// The adapters that are active at vectors and after them.
    private func readers(_ reader: Adapter? = nil) -> ActiveAdapters {
        let compressorAdapters = scheme.segmentCompressor.adapterScope.includesReading ? [adapter] : []
        return ActiveAdapters(compressorAdapters + (reader.map { [$0] } ?? []), appliesDropout: true)
    }

    /// The hidden states that predict each sequence's labels.
    private func predictors(
        of sequences: [CompressedRow.PredictedSequence], after vectors: SegmentVectors, _ readers: ActiveAdapters,
        _ pass: SegmentPass
    ) throws -> [Tensor] {
        let context =
            vectors.count == 0
            ? nil
            : try decoder.context(vectors, reading: scheme.reading(), adapters: readers, recomputes: pass.recomputes)
        return try decoder.predictors(
            of: sequences.map { ($0.ids, $0.start) }, after: context, adapters: readers, recomputes: pass.recomputes)
    }

    /// Accumulates the gradients of scale · loss over a row's answers; returns the unscaled sum of losses.
    ///
    /// Sequences with the same vectors in their context form one batch. The vectors' gradients are accumulated first,
    /// and then backpropagated through the compressor once.
    private func backward(
        _ row: CompressedRow, after vectors: SegmentVectors, _ pass: SegmentPass, scale: Double
    ) throws -> Double {
        let leaf = SegmentVectors(try vectors.values.detached(), bias: vectors.bias, places: vectors.places)
        try leaf.values.setRequiresGradient(true)
        // Nothing is learned from a distractor's vectors, so they need no gradients.
        let distractor = try row.distractor.map { text in
            try withoutGradients { try self.vectors(of: [text.segments], counts: text.vectorCounts, pass).vectors }
        }
        let readers = readers(reader)
        var sum = 0.0
        for sequences in row.sequencesByRows {
            var context = try sequences[0].rows.map { $0.isEmpty ? try leaf.last(0) : try leaf.selected($0) } ?? leaf
            if let distractor, context.count > 0 {
                context = try .concatenated(
                    row.distractor?.isFirst == true ? [distractor, context] : [context, distractor])
            }
            sum += try CrossEntropyLoss.backward(
                decoder, hidden: .concatenated(predictors(of: sequences, after: context, readers, pass)),
                labels: sequences.flatMap(\.labels), scale: scale)
        }
        if let gradient = try leaf.values.gradient { try vectors.values.backward(gradient) }
        return sum
    }

    /// The base model's prediction after the uncompressed texts: its most likely tokens and their renormalized
    /// probabilities, [rows · predicted, K] each.
    ///
    /// - Parameter text: the cache of the texts' last segments; reused if it was computed without the adapter and the
    ///   texts have one segment
    private func teacherTargets(
        _ rows: [CompressedRow], text: KeyValueCache?
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
            let hidden = try decoder.hiddenStates(decoder.embed(rows.map { $0.sequences[0].ids }), cache: cache)
                .narrowed(1, start: row.sequences[0].start - 1, length: row.predicted)
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

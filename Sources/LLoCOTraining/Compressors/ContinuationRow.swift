import LLoCOCheckpoints
package import LLoCOCompression
import LLoCOModels
import LLoCOTorch

/// A row of the published continuation (Chevalier et al. 2023, section 3): text is cut at random into segments, each is
/// read after the vectors of those before it, and every token but the first of a substep is predicted.
package struct ContinuationRow: TrainingPass {
    let method: AutoCompressor
    let ids: [Int]
    /// The segments, which cover the row
    let cuts: [Range<Int>]
    /// Segments that gradients flow through together
    let segmentsPerSubstep: Int

    package init(method: AutoCompressor, ids: [Int], cuts: [Range<Int>], segmentsPerSubstep: Int) {
        self.method = method
        self.ids = ids
        self.cuts = cuts
        self.segmentsPerSubstep = segmentsPerSubstep
    }

    package var objective: CompressorTrainer.Objective { .continuation }
    package var rowCount: Int { 1 }
    package var tokens: Int { ids.count }
    /// Nothing predicts the first token of a substep.
    package var predictedByRow: Int { ids.count - (cuts.count + segmentsPerSubstep - 1) / segmentsPerSubstep }

    package func backward(_ trainer: CompressorTrainer, scale: Double) throws -> Double {
        let decoder = trainer.decoder
        let summary = trainer.scheme.summaryTokens
        /// The vectors of all segments so far.
        var prefix = try Tensor.zeros(
            [0, decoder.configuration.hiddenSize], dtype: decoder.dtype, device: decoder.device)
        var sum = 0.0
        for start in stride(from: 0, to: cuts.count, by: segmentsPerSubstep) {
            prefix = try prefix.detached()
            // Within a substep the prefix's keys and values are kept, gradients included: its positions never move.
            let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
            var predictors: [Tensor] = []
            var labels: [Int] = []
            let segments = cuts[start..<min(start + segmentsPerSubstep, cuts.count)]
            let pass = trainer.pass(
                positions: prefix.size(0) + segments.reduce(0) { $0 + $1.count + 2 * summary })
            let end = segments.last?.upperBound ?? 0
            for range in segments {
                let unread = try prefix[cache.count..<prefix.size(0)]
                let hidden = try method.hiddenStates(
                    of: [Array(ids[range])], summaries: summary,
                    after: unread.size(0) > 0 ? SegmentVectors(rows: unread) : nil, in: cache, pass)[0]
                cache.truncate(to: prefix.size(0))
                // The last token of a segment predicts the first of the next one, within a substep.
                let count = min(range.count, end - 1 - range.lowerBound)
                if count > 0 {
                    predictors.append(try hidden.narrowed(0, start: unread.size(0), length: count))
                    labels += ids[range.lowerBound + 1..<range.lowerBound + 1 + count]
                }
                prefix = try Tensor.concatenated(
                    [prefix, hidden.narrowed(0, start: hidden.size(0) - summary, length: summary)])
            }
            sum += try LabelledLoss.backward(
                decoder, hidden: Tensor.concatenated(predictors), labels: labels, scale: scale)
        }
        return sum
    }
}

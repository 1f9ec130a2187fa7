import LLoCOCheckpoints
package import LLoCOCompression
import LLoCOModels
import LLoCOTorch

/// A row of the published continuation (Chevalier et al. 2023, section 3): text is split at random into segments, each
/// follows the vectors of the earlier ones, and every token but the first of a substep is predicted.
package struct ContinuationRow: TrainingPass {
    let method: AutoCompressor
    let ids: [Int]
    /// The segments' ranges, which cover the row
    let cuts: [Range<Int>]
    /// Number of segments per substep; gradients flow within a substep
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
            // Within a substep the prefix's keys and values are cached with their gradients: its positions never
            // change.
            let cache = KeyValueCache(layerCount: decoder.configuration.layerCount)
            var predictors: [Tensor] = []
            var labels: [Int] = []
            let segments = cuts[start..<min(start + segmentsPerSubstep, cuts.count)]
            let pass = trainer.pass(
                positions: prefix.size(0) + segments.reduce(0) { $0 + $1.count + 2 * summary })
            let end = segments.last?.upperBound ?? 0
            for range in segments {
                let uncached = try prefix[cache.count..<prefix.size(0)]
                let hidden = try method.hiddenStates(
                    of: [Array(ids[range])], summaries: summary,
                    after: uncached.size(0) > 0 ? SegmentVectors(rows: uncached) : nil, in: cache, pass)[0]
                cache.truncate(to: prefix.size(0))
                // Within a substep, a segment's last token predicts the first token of the next segment.
                let count = min(range.count, end - 1 - range.lowerBound)
                if count > 0 {
                    predictors.append(try hidden.narrowed(0, start: uncached.size(0), length: count))
                    labels += ids[range.lowerBound + 1..<range.lowerBound + 1 + count]
                }
                prefix = try Tensor.concatenated(
                    [prefix, hidden.narrowed(0, start: hidden.size(0) - summary, length: summary)])
            }
            sum += try CrossEntropyLoss.backward(
                decoder, hidden: Tensor.concatenated(predictors), labels: labels, scale: scale)
        }
        return sum
    }
}

package import LLoCOBase

/// Splits a training row at random, so that the compressor learns segments of varying length.
package enum SegmentCuts {
    /// `count` segments that cover 0 ..< `tokens`, each within `jitter` of the mean length.
    package static func random(tokens: Int, count: Int, jitter: Double, using generator: inout SplitMix64) -> [Range<
        Int
    >] {
        let mean = Double(tokens) / Double(count)
        var cuts = [0]
        for index in 1..<max(1, count) {
            // Each inner cut moves by at most half the jitter, so each length varies by at most the jitter.
            let shift = Double.random(in: -0.5...0.5, using: &generator) * jitter * mean
            cuts.append(Int((Double(index) * mean + shift).rounded()))
        }
        cuts.append(tokens)
        return zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    }
}

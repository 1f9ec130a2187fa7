import LLoCOTorch

extension Llama {
    /// A layer's keys and values, in pieces that follow each other, [B or 1, K, n, E] each, and what is added to the scores
    /// of each piece's keys: of all of them, and [B or 1, K, n] key by key.
    ///
    /// Places of a sequence that the layer holds nothing of are in no piece.
    struct Pieces {
        var keys: [Tensor] = []
        var values: [Tensor] = []
        /// The place of each piece's first key in the sequence.
        private(set) var starts: [Int] = []
        var logWeights: [Double] = []
        var biases: [Tensor?] = []

        mutating func append(
            _ keys: Tensor, _ values: Tensor, start: Int, logWeight: Double = 0, bias: Tensor? = nil
        ) {
            self.keys.append(keys)
            self.values.append(values)
            starts.append(start)
            logWeights.append(logWeight)
            biases.append(bias)
        }

        /// The same from a place on.
        func from(_ start: Int) throws -> Pieces {
            var result = Pieces()
            for index in keys.indices {
                let count = keys[index].size(2)
                let hidden = max(0, start - starts[index])
                guard hidden < count else { continue }
                func rest(_ tensor: Tensor) throws -> Tensor {
                    hidden == 0 ? tensor : try tensor.narrowed(2, start: hidden, length: count - hidden)
                }
                result.append(
                    try rest(keys[index]), try rest(values[index]), start: starts[index] + hidden,
                    logWeight: logWeights[index], bias: try biases[index].map(rest))
            }
            return result
        }

        /// What queries at some places see, the last keys being their own.
        ///
        /// - Parameters:
        ///   - window: how many places a query sees, its own included; nil for all
        ///   - mask: which of all places are visible to them, [B, 1, T, N]
        /// - Returns: the pieces, and a mask for these, nil where each query sees all up to itself
        func visible(
            to queries: Range<Int>, window: Int?, mask: Tensor?, device: Device
        ) throws -> (pieces: Pieces, mask: Tensor?) {
            guard let window, queries.upperBound > window else { return (self, try mask.map(cut)) }
            let pieces = try from(queries.lowerBound - window + 1)
            let given = try mask.map(pieces.cut)
            // One query sees all that is left.
            guard queries.count > 1 else { return (pieces, given) }
            let windows = try Tensor.concatenated(
                pieces.keys.indices.map { index in
                    let ahead = queries.lowerBound - pieces.starts[index]
                    return try Tensor.ones([queries.count, pieces.keys[index].size(2)], dtype: .bool, device: device)
                        .lowerTriangle(diagonal: ahead).upperTriangle(diagonal: ahead - window + 1)
                }, 1)
            return (pieces, try given.map { try $0.logicalAnd(windows) } ?? windows)
        }

        /// A mask of all places [..., N] for those of the pieces.
        private func cut(_ mask: Tensor) throws -> Tensor {
            let held = keys.reduce(0) { $0 + $1.size(2) }
            if held == mask.size(3) { return mask }
            return try .concatenated(
                keys.indices.map { try mask.narrowed(3, start: starts[$0], length: keys[$0].size(2)) }, 3)
        }
    }
}

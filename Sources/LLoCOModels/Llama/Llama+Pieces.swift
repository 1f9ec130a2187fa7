import LLoCOTorch

extension Llama {
    /// A layer's keys and values in consecutive pieces, [B or 1, K, n, E] each, with the weights and biases added to
    /// the scores of their keys.
    ///
    /// Positions that the layer does not have are in no piece.
    struct Pieces {
        var keys: [Tensor] = []
        var values: [Tensor] = []
        /// The position of each piece's first key in the sequence.
        private(set) var starts: [Int] = []
        /// Added to the scores of each piece's keys.
        var logWeights: [Double] = []
        /// Added to the scores per key and head, [B or 1, K, n]; nil for a piece without one.
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

        /// The pieces from position `start` on.
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

        /// The pieces visible to queries at a range of positions; the last keys are at the queries' positions.
        ///
        /// - Parameters:
        ///   - window: the size of a query's sliding window, including its own position; nil for all positions
        ///   - mask: the visible positions, [B, 1, T, N]
        /// - Returns: the pieces and their mask, nil for a plain causal mask
        func visible(
            to queries: Range<Int>, window: Int?, mask: Tensor?, device: Device
        ) throws -> (pieces: Pieces, mask: Tensor?) {
            guard let window, queries.upperBound > window else { return (self, try mask.map(narrowed)) }
            let pieces = try from(queries.lowerBound - window + 1)
            let mask = try mask.map(pieces.narrowed)
            // A single query attends to all of these.
            guard queries.count > 1 else { return (pieces, mask) }
            let windows = try Tensor.concatenated(
                pieces.keys.indices.map { index in
                    let ahead = queries.lowerBound - pieces.starts[index]
                    return try Tensor.ones([queries.count, pieces.keys[index].size(2)], dtype: .bool, device: device)
                        .lowerTriangle(diagonal: ahead).upperTriangle(diagonal: ahead - window + 1)
                }, 1)
            return (pieces, try mask.map { try $0.logicalAnd(windows) } ?? windows)
        }

        /// Narrows a mask of all positions [..., N] to the pieces' positions.
        private func narrowed(_ mask: Tensor) throws -> Tensor {
            let count = keys.reduce(0) { $0 + $1.size(2) }
            if count == mask.size(3) { return mask }
            return try .concatenated(
                keys.indices.map { try mask.narrowed(3, start: starts[$0], length: keys[$0].size(2)) }, 3)
        }
    }
}

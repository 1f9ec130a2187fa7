import LLoCOTorch

extension KeyValueCache {
    /// The inputs that a cache's positions were computed from, kept if a longer sequence may need to recompute them.
    enum Origin {
        /// [B, T, D], the key mask of all positions so far, [B, past + T], and the position ids, unless consecutive.
        case embeddings(Tensor, mask: Tensor?, positions: [[Int]]?, adapters: ActiveAdapters)
        /// Keys and values [B, n, keyValueSize], as for `Llama.append`.
        case rows(Tensor, logWeight: Double, bias: Tensor?)
        /// From here on this number of sequences continue the positions before.
        case shared(by: Int)

        var count: Int {
            switch self {
            case .embeddings(let tensor, _, _, _), .rows(let tensor, _, _): tensor.size(1)
            case .shared: 0
            }
        }

        /// The origin of the first `length` positions, after `past` others.
        func prefix(_ length: Int, past: Int) -> Origin {
            switch self {
            case .embeddings(let tensor, let mask, let positions, let adapters):
                .embeddings(
                    first(length, of: tensor, 1), mask: mask.map { first(past + length, of: $0, 1) },
                    positions: positions?.map { Array($0.prefix(length)) }, adapters: adapters)
            case .rows(let tensor, let logWeight, let bias):
                .rows(
                    first(length, of: tensor, 1), logWeight: logWeight, bias: bias.map { first(length, of: $0, -1) })
            case .shared: self
            }
        }

        private func first(_ length: Int, of tensor: Tensor, _ dimension: Int) -> Tensor {
            do {
                return try tensor.narrowed(dimension, start: 0, length: length)
            } catch {
                preconditionFailure("truncation beyond the cache's positions: \(error)")
            }
        }

        /// The origins concatenated, if they are embeddings that one forward pass can compute.
        fileprivate func joined(_ others: ArraySlice<Origin>) throws -> Origin? {
            guard case .embeddings(_, nil, nil, let adapters) = self else { return nil }
            let parts = ([self] + others).compactMap { origin -> Tensor? in
                guard case .embeddings(let tensor, _, _, _) = origin else { return nil }
                return tensor
            }
            return .embeddings(try .concatenated(parts, 1), mask: nil, positions: nil, adapters: adapters)
        }

        /// Whether one forward pass can compute the positions of both.
        fileprivate func isContinued(by other: Origin) -> Bool {
            guard case .embeddings(_, nil, nil, let adapters) = self, case .embeddings(_, nil, nil, let next) = other
            else { return false }
            return adapters.appliesDropout == next.appliesDropout
                && adapters.list.elementsEqual(next.list, by: ===)
        }
    }

    /// Merges consecutive single steps into one forward pass each.
    static func merged(_ origins: [Origin]) throws -> [Origin] {
        var result: [Origin] = []
        var start = 0
        while start < origins.count {
            var end = start + 1
            while end < origins.count, origins[start].isContinued(by: origins[end]) { end += 1 }
            result.append(
                try end == start + 1
                    ? origins[start] : origins[start].joined(origins[start + 1..<end]) ?? origins[start])
            start = end
        }
        return result
    }
}

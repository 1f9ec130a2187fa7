import LLoCOCheckpoints
import LLoCOModels
import LLoCOTorch

extension Llama {
    /// The logits of every position of a sequence of embeddings [T, D]: [T, V].
    func scores(_ embeddings: Tensor, adapters: ActiveAdapters = .none) throws -> Tensor {
        try withoutGradients { try logits(hiddenStates(embeddings.unsqueezed(0), adapters: adapters))[0] }
    }

    /// The logits of every position of ids: [T, V].
    func scores(_ ids: [Int], adapters: ActiveAdapters = .none) throws -> Tensor {
        try scores(embed(ids)[0], adapters: adapters)
    }

    /// The logits of every position of embeddings [T, D], processed in pieces through one cache: [T, V].
    func scores(
        _ embeddings: Tensor, pieces: [Int], cache: KeyValueCache? = nil, adapters: ActiveAdapters = .none
    ) throws -> Tensor {
        let cache = cache ?? KeyValueCache(layerCount: configuration.layerCount)
        var start = 0
        let parts = try withoutGradients {
            try pieces.map { length in
                defer { start += length }
                let piece = try embeddings[start..<start + length].unsqueezed(0)
                return try logits(hiddenStates(piece, cache: cache, adapters: adapters))[0]
            }
        }
        return try .concatenated(parts)
    }

    /// The most likely ids after a prompt of embeddings [T, D], without a cache.
    func greedy(_ prompt: Tensor, _ count: Int, adapters: ActiveAdapters = .none) throws -> [Int] {
        var (input, ids) = (prompt, [Int]())
        for _ in 0..<count {
            let last = try scores(input, adapters: adapters).selected(0, -1)
            ids.append(Int(try last.argmax().item()))
            input = try .concatenated([input, embed([ids[ids.count - 1]])[0]])
        }
        return ids
    }
}

/// Position ids that skip padding in front, as in the reference.
func positions(of mask: [[Int]]) -> [[Int]] {
    mask.map { row in
        var count = 0
        return row.map { present in
            count += present
            return max(0, count - 1)
        }
    }
}

/// The rows of [B, T, V] that a mask keeps: [kept, V].
func kept(_ scores: Tensor, _ mask: [[Int]]) throws -> Tensor {
    let flat = mask.flatMap { $0 }
    let places = flat.indices.filter { flat[$0] == 1 }
    return try scores.reshaped([flat.count, -1]).indexSelected(0, Tensor(places))
}

func bools(_ mask: [[Int]]) throws -> Tensor {
    try Tensor(mask.flatMap { $0.map { $0 == 1 } }, shape: [mask.count, mask[0].count])
}

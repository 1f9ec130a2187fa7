import LLoCOBase

/// The examples of each step. The plan depends only on the seed, so a resumed run gets the batches of an uninterrupted
/// one.
///
/// The number of batches per epoch depends on the shuffle, so it is computed for all epochs in advance. An epoch's
/// batches are computed when one of its steps is requested, and only the last requested epoch is cached.
package final class BatchPlan {
    private let documents: [Int]
    private let seed: UInt64
    private let batchSize: Int
    /// The maximum number of examples of one document that stay together.
    private let chunkSize: Int
    /// The first step of each epoch, and the plan's end: [epochs + 1].
    private let starts: [Int]
    /// The last requested epoch.
    private var current: (epoch: Int, batches: [[Int]])?

    /// Number of steps of all epochs
    package var steps: Int { starts[starts.count - 1] }

    /// - Parameter documents: each example's document
    package init(documents: [Int], recipe: FinetuningRecipe, seed: UInt64) {
        self.documents = documents
        self.seed = seed
        batchSize = recipe.batchSize
        chunkSize = max(1, recipe.batchSize / max(1, recipe.documentsPerBatch))
        // The count depends only on the shuffled chunk sizes. A shuffle's random numbers depend only on the number of
        // elements, so shuffling any arrays of the same lengths gives the order that `layOut` will produce.
        let sizes = Self.chunkSizes(documents, at: chunkSize)
        var order = Array(documents.indices)
        var starts = [0]
        for epoch in 0..<recipe.epochs {
            var generator = SplitMix64(seed: seed &+ UInt64(epoch))
            order.shuffle(using: &generator)
            let batches = Self.batches(of: sizes.shuffled(using: &generator), size: batchSize, count: { $0 })
            starts.append(starts[epoch] + batches.count)
        }
        self.starts = starts
    }

    /// The examples of a step, as indices in `documents`.
    package subscript(step: Int) -> [Int] {
        let epoch = epoch(of: step)
        return batches(in: epoch)[step - starts[epoch]]
    }

    private func batches(in epoch: Int) -> [[Int]] {
        if let current, current.epoch == epoch { return current.batches }
        let batches = layOut(epoch)
        current = (epoch, batches)
        return batches
    }

    /// The epoch of a step, both counted from 0.
    package func epoch(of step: Int) -> Int {
        precondition(step >= 0 && step < steps, "a plan of \(steps) steps has no step \(step)")
        var (low, high) = (0, starts.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= step { low = middle } else { high = middle }
        }
        return low
    }

    private func layOut(_ epoch: Int) -> [[Int]] {
        var generator = SplitMix64(seed: seed &+ UInt64(epoch))
        let shuffled = documents.indices.shuffled(using: &generator)
        var chunks: [[Int]] = []
        for (_, examples) in Dictionary(grouping: shuffled, by: { documents[$0] }).sorted(by: { $0.key < $1.key }) {
            for start in stride(from: 0, to: examples.count, by: chunkSize) {
                chunks.append(Array(examples[start..<min(start + chunkSize, examples.count)]))
            }
        }
        return Self.batches(of: chunks.shuffled(using: &generator), size: batchSize, count: \.count)
            .map { $0.flatMap { $0 } }
    }

    /// Packs chunks in order into batches of up to `size` examples; a batch has at least one chunk.
    private static func batches<Chunk>(
        of chunks: [Chunk], size: Int, count: (Chunk) -> Int
    ) -> [ArraySlice<Chunk>] {
        var batches: [ArraySlice<Chunk>] = []
        var (start, filled) = (0, 0)
        for (index, chunk) in chunks.enumerated() {
            if filled + count(chunk) > size, index > start {
                batches.append(chunks[start..<index])
                (start, filled) = (index, 0)
            }
            filled += count(chunk)
        }
        if start < chunks.count { batches.append(chunks[start...]) }
        return batches
    }

    /// The number of examples in each chunk, in the order in which `layOut` creates the chunks.
    private static func chunkSizes(_ documents: [Int], at maximum: Int) -> [Int] {
        var counts: [Int: Int] = [:]
        for document in documents { counts[document, default: 0] += 1 }
        var sizes: [Int] = []
        for (_, count) in counts.sorted(by: { $0.key < $1.key }) {
            sizes += Array(repeating: maximum, count: count / maximum)
            if count % maximum > 0 { sizes.append(count % maximum) }
        }
        return sizes
    }
}

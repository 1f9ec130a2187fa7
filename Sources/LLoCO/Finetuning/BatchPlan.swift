import Models

/// Which examples each step sees. It follows from the seed alone, so that a continued run goes on as it would have.
///
/// An epoch is laid out when one of its steps is asked for; of the others only the number of steps is kept.
package struct BatchPlan {
    private let documents: [Int]
    private let batchSize: Int
    /// Examples of one document that stay together
    private let chunk: Int
    private let seed: UInt64
    /// The first step of every epoch, and the end of the last
    private var starts = [0]

    package var steps: Int { starts[starts.count - 1] }

    /// - Parameter documents: each example's document
    package init(documents: [Int], recipe: FinetuningRecipe, seed: UInt64) {
        self.documents = documents
        self.seed = seed
        batchSize = recipe.batchSize
        chunk = max(1, recipe.batchSize / max(1, recipe.documentsPerBatch))
        for epoch in 0..<recipe.epochs { starts.append(steps + batches(of: epoch).count) }
    }

    /// The examples of a step, counted from 0.
    package subscript(step: Int) -> [Int] {
        let epoch = (starts.firstIndex { $0 > step } ?? starts.count) - 1
        return batches(of: epoch)[step - starts[epoch]]
    }

    private func batches(of epoch: Int) -> [[Int]] {
        var generator = SplitMix64(seed: seed &+ UInt64(epoch))
        let shuffled = documents.indices.shuffled(using: &generator)
        var chunks: [[Int]] = []
        for (_, examples) in Dictionary(grouping: shuffled, by: { documents[$0] }).sorted(by: { $0.key < $1.key }) {
            for start in stride(from: 0, to: examples.count, by: chunk) {
                chunks.append(Array(examples[start..<min(start + chunk, examples.count)]))
            }
        }
        var batches: [[Int]] = []
        var batch: [Int] = []
        for chunk in chunks.shuffled(using: &generator) {
            if batch.count + chunk.count > batchSize, !batch.isEmpty {
                batches.append(batch)
                batch = []
            }
            batch += chunk
        }
        return batch.isEmpty ? batches : batches + [batch]
    }
}

import Models

/// Which examples each step sees. It follows from the seed alone, so that a continued run goes on as it would have.
package struct BatchPlan {
    private let batches: [[Int]]

    package var steps: Int { batches.count }

    /// - Parameter documents: each example's document
    package init(documents: [Int], recipe: FinetuningRecipe, seed: UInt64) {
        let chunk = max(1, recipe.batchSize / max(1, recipe.documentsPerBatch))
        var batches: [[Int]] = []
        for epoch in 0..<recipe.epochs {
            var generator = SplitMix64(seed: seed &+ UInt64(epoch))
            let shuffled = documents.indices.shuffled(using: &generator)
            var chunks: [[Int]] = []
            for (_, examples) in Dictionary(grouping: shuffled, by: { documents[$0] }).sorted(by: { $0.key < $1.key }) {
                for start in stride(from: 0, to: examples.count, by: chunk) {
                    chunks.append(Array(examples[start..<min(start + chunk, examples.count)]))
                }
            }
            var batch: [Int] = []
            for chunk in chunks.shuffled(using: &generator) {
                if batch.count + chunk.count > recipe.batchSize, !batch.isEmpty {
                    batches.append(batch)
                    batch = []
                }
                batch += chunk
            }
            if !batch.isEmpty { batches.append(batch) }
        }
        self.batches = batches
    }

    package subscript(step: Int) -> [Int] { batches[step] }
}

extension PassageIndex {
    /// Embeds the passages of a document that have no embedding by `embedder` yet, a batch a transaction: a killed
    /// process loses at most the batch in hand.
    ///
    /// - Parameters:
    ///   - batch: passages to embed at a time.
    ///   - progress: told after each batch how many passages are done, of how many.
    /// - Returns: how many passages were embedded.
    /// - Throws: `LibraryError`, what the embedder throws, `CancellationError` after the batch in hand.
    @discardableResult
    public func embedPassages(
        of document: Int64, with embedder: any TextEmbedder, batch: Int = 64,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) async throws -> Int {
        let pending = try await passagesWithoutEmbedding(of: document, embedder: embedder.identity)
        let batch = max(1, batch)
        for start in stride(from: 0, to: pending.count, by: batch) {
            let passages = pending[start..<min(start + batch, pending.count)]
            let vectors = try embedder.embed(passages.map(\.text))
            guard vectors.count == passages.count else {
                throw LibraryError(
                    .invalid, "\(path): \(passages.count) passages gave \(vectors.count) embeddings")
            }
            try await setEmbeddings(
                zip(passages.map(\.id), vectors).map { (passage: $0, values: $1) }, embedder: embedder.identity,
                dimension: embedder.dimension)
            try progress(start + passages.count, pending.count)
            try Task.checkCancellation()
            // Others who wait for this thread have their turn.
            await Task.yield()
        }
        return pending.count
    }
}

extension PassageIndex {
    /// Embeds the passages of a document without an embedding by `embedder`. Each batch is one transaction, so that a
    /// killed process loses at most one batch.
    ///
    /// - Parameters:
    ///   - batch: passages per batch; 64 by default.
    ///   - progress: called after each batch with the number of embedded passages and the total.
    /// - Returns: the number of embedded passages.
    /// - Throws: `LibraryError`, the embedder's errors, `CancellationError` after the current batch.
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
                    .invalid, "\(path): the embedder returned \(vectors.count) embeddings, expected \(passages.count)")
            }
            try await setEmbeddings(
                zip(passages.map(\.id), vectors).map { (passage: $0, values: $1) }, embedder: embedder.identity,
                dimension: embedder.dimension)
            try progress(start + passages.count, pending.count)
            try Task.checkCancellation()
            // Lets other tasks run on this thread.
            await Task.yield()
        }
        return pending.count
    }
}

public import LLoCOLibrary

extension DocumentLibrary {
    /// The best passages of a group, or of some of its documents, for a question.
    ///
    /// - Parameters:
    ///   - documents: where to look; nil for all of the group
    ///   - limit: the most passages
    /// - Throws: `LibraryError` where there is no such group, `EngineError` without a retrieval model.
    public func search(
        _ question: String, in group: String, documents: Set<Int64>? = nil, limit: Int = 8
    ) async throws -> RetrievalResult {
        let answerer = answerer
        let scope = documents.map { LibraryScope.documents($0) } ?? .group(group)
        return try await engine.thread.run { try await answerer.search(question, in: scope, limit: limit) }
    }
}

public import LLoCOLibrary

extension DocumentLibrary {
    /// The best passages of a group, or of some documents, for a question.
    ///
    /// - Parameters:
    ///   - documents: the keys of the documents to search; nil for the whole group
    ///   - limit: the maximum number of passages; 8 by default
    /// - Throws: `LibraryError` if the group or a document does not exist, `EngineError` without a retrieval model.
    public func search(
        _ question: String, in group: String, documents: Set<Int64>? = nil, limit: Int = 8
    ) async throws -> RetrievalResult {
        let answerer = answerer
        let scope = documents.map { LibraryScope.documents($0) } ?? .group(group)
        return try await engine.thread.run { try await answerer.search(question, in: scope, limit: limit) }
    }
}

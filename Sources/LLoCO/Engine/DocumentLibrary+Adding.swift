public import LLoCODocuments
import LLoCOLibrary

/// How far an addition has come.
public struct AddingProgress: Sendable {
    /// The file in hand, as it was named or found in a folder.
    public let path: String
    /// Its place among the files, from 0.
    public let index: Int
    /// How many files there are.
    public let count: Int
    /// Tokens of the file that are compressed.
    public let doneTokens: Int
    /// Tokens of the file.
    public let totalTokens: Int
}

extension DocumentLibrary {
    /// Learns documents: reads them, compresses them, makes them searchable, keeps their text.
    ///
    /// Adding again changes nothing, a grown document costs its new tail, and an interrupted addition goes on where it
    /// stopped. Everything that can be wrong with the files shows before anything is stored.
    ///
    /// - Parameters:
    ///   - paths: text, Markdown, HTML and PDF files, or folders, which stand for the documents in them
    ///   - group: the group that the documents belong to; nil for the default one, and for where known ones are
    ///   - reader: turns files into text
    ///   - progress: called after every segment
    ///   - onAdded: called when a document is done
    /// - Returns: what was done, a document each
    /// - Throws: `DocumentError`, `ModelError` where a document needs more positions than the model has, `EngineError`,
    ///   `LibraryError`, `CancellationError` within a segment.
    @discardableResult
    public func add(
        contentsOf paths: [String], to group: String? = nil, reader: DocumentReader = DocumentReader(),
        progress: @escaping @Sendable (AddingProgress) throws -> Void = { _ in },
        onAdded: @escaping @Sendable (AddedDocument) throws -> Void = { _ in }
    ) async throws -> [AddedDocument] {
        try await add(
            engine.filesThread.run { try reader.readAll(paths) }, to: group, progress: progress, onAdded: onAdded)
    }

    /// Learns documents that have been read.
    @discardableResult
    public func add(
        _ documents: ReadDocuments, to group: String? = nil,
        progress: @escaping @Sendable (AddingProgress) throws -> Void = { _ in },
        onAdded: @escaping @Sendable (AddedDocument) throws -> Void = { _ in }
    ) async throws -> [AddedDocument] {
        var added: [AddedDocument] = []
        for (index, path) in documents.paths.enumerated() {
            let text = try await engine.filesThread.run { try documents.document(at: index).text }
            let document = try await add(text: text, path: path, group: group) { done, total in
                try progress(
                    AddingProgress(
                        path: path, index: index, count: documents.paths.count, doneTokens: done, totalTokens: total))
            }
            try onAdded(document)
            added.append(document)
        }
        return added
    }

    /// Learns a text.
    ///
    /// - Parameters:
    ///   - path: where it came from; it need not be a file
    ///   - name: how the document is named; nil for a name from its path
    ///   - group: the group that it belongs to
    ///   - progress: called after every segment with the tokens that are compressed, and those of the text
    @discardableResult
    public func add(
        text: String, path: String, name: String? = nil, group: String? = nil,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) async throws -> AddedDocument {
        let (model, store) = (engine.model, store)
        return try await writing.run {
            try await model.add(text: text, path: path, name: name, group: group, to: store, progress: progress)
        }
    }
}

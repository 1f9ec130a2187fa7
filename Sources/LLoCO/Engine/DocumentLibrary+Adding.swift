public import LLoCODocuments
import LLoCOLibrary

/// The progress of adding files.
public struct AddingProgress: Sendable {
    /// The current file, as given or as found in a folder.
    public let path: String
    /// The file's index, from 0.
    public let index: Int
    /// The number of files.
    public let count: Int
    /// The number of compressed tokens of the file.
    public let doneTokens: Int
    /// The number of tokens of the file.
    public let totalTokens: Int
}

extension DocumentLibrary {
    /// Adds files: stores their text, compresses it and indexes it for retrieval.
    ///
    /// Adding an unchanged document does nothing. A document that has grown costs only its new tail. An interrupted
    /// addition resumes where it stopped. All files are read and checked before anything is stored.
    ///
    /// - Parameters:
    ///   - paths: text, Markdown, HTML and PDF files, or folders of such files
    ///   - group: the documents' group; nil keeps the group of existing documents and puts new ones into the default
    ///     group
    ///   - reader: extracts the text of files
    ///   - progress: called after every segment
    ///   - onAdded: called after every document
    /// - Returns: the outcome of each document
    /// - Throws: `DocumentError`, `ModelError` if a document needs more positions than the model has, `EngineError`,
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

    /// Adds files that have been read already; otherwise as `add(contentsOf:)`.
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

    /// Adds a text as a document.
    ///
    /// - Parameters:
    ///   - path: the source of the text; it need not be a file
    ///   - name: the document's name; nil derives one from the path
    ///   - group: the document's group; nil keeps the group of an existing document and puts a new one into the default
    ///     group
    ///   - progress: called after every segment with the number of compressed tokens and all tokens of the text
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

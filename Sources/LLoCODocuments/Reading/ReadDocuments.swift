/// Documents that have all been read once without an error, in order.
///
/// Texts are cached up to a total size, because all texts together may be larger than the memory. The others are read
/// again on access.
public struct ReadDocuments: Sendable {
    /// The files' paths, with folders replaced by the documents in them.
    public let paths: [String]
    private let reader: DocumentReader
    private let cached: [Int: DocumentText]

    /// Reads files, and the documents in folders.
    ///
    /// - Parameter textLimit: the maximum size of the cached texts in bytes
    /// - Throws: `DocumentError` for the first file that cannot be read; `CancellationError`
    init(_ paths: [String], reader: DocumentReader, textLimit: Int) throws {
        self.paths = try reader.expand(paths)
        self.reader = reader
        var cached: [Int: DocumentText] = [:]
        var bytes = 0
        for (index, path) in self.paths.enumerated() {
            try Task.checkCancellation()
            let document = try reader.read(path)
            let size = document.text.utf8.count
            guard bytes + size <= textLimit else { continue }
            bytes += size
            cached[index] = document
        }
        self.cached = cached
    }

    /// The document at an index of ``paths``.
    ///
    /// - Throws: `DocumentError` if it is not cached and can no longer be read
    public func document(at index: Int) throws -> DocumentText {
        try cached[index] ?? reader.read(paths[index])
    }
}

extension DocumentReader {
    /// Reads all files, and all documents in folders, so that an error shows before any document is processed.
    ///
    /// - Parameter textLimit: the maximum size of the cached texts in bytes, default 64 MiB; other texts are read again
    ///   on access
    /// - Throws: `DocumentError` for the first file that cannot be read; `CancellationError`
    public func readAll(_ paths: [String], keeping textLimit: Int = 64 << 20) throws -> ReadDocuments {
        try ReadDocuments(paths, reader: self, textLimit: textLimit)
    }
}

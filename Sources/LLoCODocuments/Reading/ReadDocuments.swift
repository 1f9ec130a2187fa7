/// Documents that have been read once, in their order: that all of them can be, is known.
///
/// Texts are kept up to a limit of bytes together, since all of them may be larger than the memory; others are read again.
public struct ReadDocuments: Sendable {
    /// The files' paths, as they were named or found in folders.
    public let paths: [String]
    private let reader: DocumentReader
    private let kept: [Int: DocumentText]

    /// Reads files, and the documents in folders.
    ///
    /// - Parameters:
    ///   - textLimit: bytes of text that are kept
    /// - Throws: `DocumentError` for the first that cannot be read; `CancellationError`
    init(_ paths: [String], reader: DocumentReader, textLimit: Int) throws {
        self.paths = try reader.expand(paths)
        self.reader = reader
        var kept: [Int: DocumentText] = [:]
        var bytes = 0
        for (index, path) in self.paths.enumerated() {
            try Task.checkCancellation()
            let document = try reader.read(path)
            bytes += document.text.utf8.count
            if bytes <= textLimit { kept[index] = document }
        }
        self.kept = kept
    }

    /// The document in a place of ``paths``.
    ///
    /// - Throws: `DocumentError` where it was not kept and cannot be read any more
    public func document(at index: Int) throws -> DocumentText {
        try kept[index] ?? reader.read(paths[index])
    }
}

extension DocumentReader {
    /// Reads all files, and all documents in folders, before anything is done with one of them.
    ///
    /// - Parameter textLimit: bytes of text that are kept; files beyond are read again when they are asked for
    /// - Throws: `DocumentError` for the first that cannot be read; `CancellationError`
    public func readAll(_ paths: [String], keeping textLimit: Int = 64 << 20) throws -> ReadDocuments {
        try ReadDocuments(paths, reader: self, textLimit: textLimit)
    }
}

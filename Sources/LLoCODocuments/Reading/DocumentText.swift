/// The text of a document file.
public struct DocumentText: Hashable, Sendable {
    /// The kind of a document file, which decides how its text is extracted.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Plain text and Markdown, unchanged.
        case text
        /// HTML, with its markup removed.
        case html
        /// PDF, converted by `pdftotext`.
        case pdf
    }

    /// The file's path as the caller wrote it.
    public let path: String
    /// The kind of document.
    public let kind: Kind
    /// The text, never blank.
    public let text: String
    /// The size of the file in bytes.
    public let byteCount: Int
}

/// The text of a document file.
public struct DocumentText: Hashable, Sendable {
    /// How a file's text is found.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Plain text and Markdown: the file as it is.
        case text
        /// HTML: its markup removed.
        case html
        /// PDF: what `pdftotext` makes of it.
        case pdf
    }

    /// The path as given.
    public let path: String
    /// How the text was found.
    public let kind: Kind
    /// The text, never empty.
    public let text: String
    /// The size of the file in bytes.
    public let byteCount: Int
}

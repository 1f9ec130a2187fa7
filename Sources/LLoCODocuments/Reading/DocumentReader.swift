public import Foundation

/// Reads document files: txt, md, html, and pdf with the program `pdftotext`.
///
/// ```swift
/// let reader = DocumentReader()
/// for path in try reader.expand(["notes", "report.pdf"]) {
///     let document = try reader.read(path)
/// }
/// ```
///
/// Text is UTF-8 with or without a byte order mark, or UTF-16 with one. A file with an unknown extension is read as
/// PDF or HTML if it begins like one, else as text. Every error is a ``DocumentError``.
public struct DocumentReader: Sendable {
    /// The extensions of documents in directories, and the kind of document for each.
    public static let extensions: [String: DocumentText.Kind] = [
        "txt": .text, "text": .text, "md": .text, "markdown": .text, "html": .html, "htm": .html, "xhtml": .html,
        "pdf": .pdf,
    ]

    /// The maximum size of a file, and of its text, in bytes; default 256 MiB.
    public var sizeLimit: Int
    /// The program that converts PDF to text: a name in `PATH`, or a path; default `pdftotext`.
    public var pdfProgram: String
    /// The maximum run time of ``pdfProgram`` in seconds; default 120.
    public var pdfTimeout: Double

    /// A reader with the given limits.
    public init(sizeLimit: Int = 256 << 20, pdfProgram: String = "pdftotext", pdfTimeout: Double = 120) {
        self.sizeLimit = sizeLimit
        self.pdfProgram = pdfProgram
        self.pdfTimeout = pdfTimeout
    }

    /// The text of the file at `path`.
    ///
    /// - Throws: ``DocumentError``
    public func read(_ path: String) throws -> DocumentText {
        let data = try bytes(of: path)
        let kind = try self.kind(of: path, data)
        if kind == .pdf {
            // pdftotext repairs a truncated file as far as it can and does not report missing pages.
            guard data.suffix(4096).range(of: Data("%%EOF".utf8)) != nil else {
                throw DocumentError(
                    .truncated, "\(path): a PDF file without its end mark (%%EOF): truncated? copy it again")
            }
            let text = try PDFText(program: pdfProgram, timeout: pdfTimeout, sizeLimit: sizeLimit).text(of: path)
            return try document(text, path, kind, data.count)
        }
        return try read(data, path: path, kind: kind)
    }

    /// The text of `data`, the content of a file named `path`. PDF is not supported.
    ///
    /// - Throws: ``DocumentError``
    public func read(_ data: Data, path: String, kind: DocumentText.Kind = .text) throws -> DocumentText {
        guard data.count <= sizeLimit else { throw tooLarge(path, data.count) }
        guard !data.isEmpty else { throw DocumentError(.empty, "\(path): empty (0 bytes), expected text") }
        switch kind {
        case .text:
            return try document(try TextDecoding(path: path).text(data), path, kind, data.count)
        case .html:
            return try document(try HTMLText(path: path).text(data), path, kind, data.count)
        case .pdf:
            throw DocumentError(.unreadable, "\(path): PDF data, expected text or HTML; read PDF from a file")
        }
    }

    private func document(_ text: String, _ path: String, _ kind: DocumentText.Kind, _ size: Int) throws -> DocumentText
    {
        guard text.utf8.contains(where: { $0 > 0x20 }) else {
            let hint = kind == .pdf ? " (scanned pages? run text recognition (OCR) on it first)" : ""
            throw DocumentError(.empty, "\(path): holds no text, only white space\(hint)")
        }
        guard text.utf8.count <= sizeLimit else { throw tooLarge(path, text.utf8.count) }
        return DocumentText(path: path, kind: kind, text: text, byteCount: size)
    }

    private func tooLarge(_ path: String, _ size: Int) -> DocumentError {
        DocumentError(
            .tooLarge, "\(path): \(size) bytes, more than the limit of \(sizeLimit); split it into smaller files")
    }

    /// The content of a regular file. The size is checked before reading.
    func bytes(of path: String) throws -> Data {
        let attributes = try self.attributes(of: path)
        switch attributes[.type] as? FileAttributeType {
        case .typeRegular: break
        case .typeDirectory:
            throw DocumentError(.unreadable, "\(path): a directory, expected a file")
        default:
            throw DocumentError(.unreadable, "\(path): not a regular file (a device, pipe or socket), expected a file")
        }
        let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        guard size <= sizeLimit else { throw tooLarge(path, size) }
        guard let file = FileHandle(forReadingAtPath: path) else { throw DocumentError.unreadable(path) }
        defer { try? file.close() }
        // Check the size again, because the file may grow while it is read.
        let data: Data
        do {
            data = try file.read(upToCount: sizeLimit + 1) ?? Data()
        } catch {
            throw DocumentError.unreadable(path)
        }
        guard data.count <= sizeLimit else { throw tooLarge(path, data.count) }
        guard !data.isEmpty else { throw DocumentError(.empty, "\(path): empty (0 bytes), expected text") }
        return data
    }

    /// The attributes of the file at `path`, with symbolic links resolved.
    func attributes(of path: String) throws -> [FileAttributeKey: Any] {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else {
            throw DocumentError.unreadable(path)
        }
        return attributes
    }

    /// The kind of document: from the first bytes if they identify it, else from the extension.
    func kind(of path: String, _ data: Data) throws -> DocumentText.Kind {
        let suffix = URL(fileURLWithPath: path).pathExtension.lowercased()
        if data.starts(with: Data("%PDF-".utf8)) { return .pdf }
        let kind = Self.extensions[suffix]
        if kind == .pdf {
            throw DocumentError(
                .malformed, "\(path): not a PDF file (it does not begin with %PDF-); rename it if it is text")
        }
        if let kind { return kind }
        let start = String(decoding: data.prefix(256), as: UTF8.self).lowercased()
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return start.hasPrefix("<!doctype html") || start.hasPrefix("<html") ? .html : .text
    }
}

public import Foundation
package import LLoCOBase

extension QuestionSet {
    /// Whether the lines of a file must hold their document's text.
    public enum DocumentText: Sendable {
        /// Every line has `id`, `title` and `document`: what an evaluation reads.
        case required
        /// `document` may be absent: then `title` or `id`, of which one is enough, names a document of the library.
        case optional
    }

    /// Reads a question set: JSON Lines, gzipped or not (told by the content), blank lines passed over.
    ///
    /// Fields besides those of the format are ignored. The whole set is kept in memory; a file of more than 2 GiB of
    /// text, however it is compressed, is refused.
    ///
    /// - Throws: ``JSONLinesError``, which names the file, the line and the field: for a file that is missing, a folder,
    ///   empty, not UTF-8, or whose compressed data is damaged or cut off; a line that is not a JSON object; a field that
    ///   is missing, of another type or empty; an id used before; a set without a question.
    public init(contentsOf url: URL, text: DocumentText = .required) throws {
        try self.init(JSONLinesReader(url: url), text: text)
    }

    /// Reads a question set from the lines of `reader`.
    package init(_ reader: JSONLinesReader, text: DocumentText) throws {
        self.init(documents: [])
        var documentLines: [String: Int] = [:]
        var questionLines: [String: Int] = [:]
        while let line = try reader.next() {
            let number = reader.lineNumber
            let document: QuestionDocument
            do {
                document = try QuestionDocument(JSONFields(line: line), text: text)
            } catch let fault as JSONFields.Fault {
                throw reader.error(line: number, fault.reason)
            }
            try Self.enter(document.id, "document", in: &documentLines, reader)
            for question in document.questions {
                try Self.enter(question.id, "question", in: &questionLines, reader)
            }
            documents.append(document)
        }
        guard questionCount > 0 else {
            throw reader.error(line: nil, "the file holds no question; expected a document with questions a line")
        }
    }

    private static func enter(
        _ id: String, _ kind: String, in lines: inout [String: Int], _ reader: JSONLinesReader
    ) throws {
        if let line = lines.updateValue(reader.lineNumber, forKey: id) {
            let shown = id.printable(limit: 80)
            let place = line == reader.lineNumber ? "this line" : "line \(line)"
            throw reader.error(
                line: reader.lineNumber, "the \(kind) id \"\(shown)\" is already used on \(place); ids must be unique")
        }
    }
}

extension QuestionDocument {
    fileprivate init(_ fields: JSONFields, text: QuestionSet.DocumentText) throws {
        let isNamed = text == .optional && !fields.has("document")
        let id = try fields.text(isNamed && !fields.has("id") && fields.has("title") ? "title" : "id")
        self.init(
            id: id,
            title: isNamed && !fields.has("title") ? id : try fields.text("title"),
            document: isNamed ? nil : try fields.text("document"),
            questions: try fields.objects("questions").map { try Question($0) })
    }
}

extension Question {
    fileprivate init(_ fields: JSONFields) throws {
        self.init(
            id: try fields.text("id"), text: try fields.text("question"),
            answers: try fields.texts("answers", of: "reference answers"))
    }
}

public import Foundation
package import LLoCOBase

extension QuestionSet {
    /// Whether each line of a file must contain its document's text.
    public enum DocumentText: Sendable {
        /// Every line has `id`, `title` and `document`, as an evaluation needs.
        case required
        /// `document` may be missing: then `title` or `id` names a document of the library; one of the two suffices.
        case optional
    }

    /// Reads a question set from a JSON Lines file, gzipped or not. The file's content decides which.
    ///
    /// Blank lines are skipped and unknown fields are ignored. The whole set is in memory; a file with more than 2 GiB
    /// of decompressed text is refused.
    ///
    /// - Throws: ``JSONLinesError``, with the file, the line and the field: for a file that is missing, a folder,
    ///   empty, not UTF-8, damaged or truncated; a line that is not a JSON object; a field that is missing, empty or of
    ///   another type; a duplicate id; a set without questions.
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
            try Self.checkUnique(document.id, "document", in: &documentLines, reader)
            for question in document.questions {
                try Self.checkUnique(question.id, "question", in: &questionLines, reader)
            }
            documents.append(document)
        }
        guard questionCount > 0 else {
            throw reader.error(line: nil, "the file holds no question; expected one document with questions per line")
        }
    }

    private static func checkUnique(
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

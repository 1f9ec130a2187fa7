public import Foundation
import LLoCOBase
import LLoCODocuments

extension TrainingText {
    /// Reads a file's texts. In a `.jsonl` or `.jsonl.gz` file each line's field `text`, or a question set's
    /// `document`, is a text; any other file is one text.
    ///
    /// - Throws: `TrainingError` naming file and line if a line has no text; `JSONLinesError` if the file cannot be
    ///   read; `DocumentError`.
    public static func texts(in file: URL) throws -> [String] {
        guard file.lastPathComponent.contains(".jsonl") else { return [try DocumentReader().read(file.path).text] }
        struct Line: Decodable {
            let text: String?
            let document: String?
        }
        let reader = try JSONLinesReader(url: file)
        var texts: [String] = []
        while let line = try reader.next() {
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            guard let parsed = try? JSONDecoder().decode(Line.self, from: Data(line)),
                let text = parsed.text ?? parsed.document
            else {
                throw TrainingError(
                    .damaged,
                    "\(file.path), line \(reader.lineNumber): no text, expected an object with a field \"text\" or "
                        + "\"document\"")
            }
            texts.append(text)
        }
        return texts
    }
}

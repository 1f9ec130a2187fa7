public import Foundation
import LLoCOBase
import LLoCODocuments

extension TrainingText {
    /// The texts of a file: the field `text`, or a question set's `document`, of each JSON line where its name says `.jsonl`
    /// or `.jsonl.gz`, else the whole file as one.
    ///
    /// - Throws: `TrainingError` naming file and line where that holds no text, `JSONLinesError` where the file cannot be
    ///   read, `DocumentError`.
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
                    .damaged, "\(file.path), line \(reader.lineNumber): expected an object with a field \"text\"")
            }
            texts.append(text)
        }
        return texts
    }
}

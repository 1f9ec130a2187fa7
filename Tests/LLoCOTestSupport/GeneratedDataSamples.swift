import Foundation
package import LLoCODataSets
package import LLoCOTokenizers

/// Tokenizers and texts for the tests of generated data.
package enum GeneratedDataSamples {
    /// A small tokenizer of a real kind: `smollm` (byte-level), `llama2` (SentencePiece), `uncased` (WordPiece).
    package static func tokenizer(_ name: String) throws -> any Tokenizer {
        try TokenizerLoader.load(folder: TestFiles.tokenizers.appending(path: name))
    }

    /// The number of tokens of a document's text and its first question.
    package static func tokens(_ document: EvaluationDocument, _ tokenizer: any Tokenizer) -> Int {
        tokenizer.encode(document.text ?? "", special: .asText).count
            + tokenizer.encode(document.questions[0].text, special: .asText).count
    }

    /// Twelve short histories of invented lakes, each of a few passages. One passage contains the first question's
    /// answer.
    package static let questions = EvaluationSet(
        name: "lakes", format: .lloco,
        documents: (0..<12).map { number in
            let lake = "Lake \(["Orrin", "Teva", "Sule", "Mabry"][number % 4])-\(number)"
            let paragraphs = (0..<6).map { part in
                let filler = (0..<9).map { "In part \(part) the keepers noted level \(number * 100 + part * 10 + $0)." }
                let fact = part == 4 ? " The pike of \(lake) weighed \(300 + number) pounds." : ""
                return "\(lake) is described here. " + filler.joined(separator: " ") + fact
            }
            return EvaluationDocument(
                id: "lake-\(number)", title: lake, text: paragraphs.joined(separator: "\n\n"),
                questions: [
                    EvaluationQuestion(
                        id: "pike-\(number)", text: "How heavy was the pike of \(lake)?",
                        answers: ["\(300 + number) pounds", "\(300 + number) lb"], metric: .f1),
                    EvaluationQuestion(
                        id: "never-\(number)", text: "Who drained it?", answers: ["nobody in this text"], metric: .f1),
                ])
        })
}

extension EvaluationDocument {
    /// The text after the last occurrence of `opening`, which skips an example before the task.
    package func task(after opening: String) -> String {
        let text = text ?? ""
        return text.ranges(of: opening).last.map { String(text[$0.upperBound...]) } ?? ""
    }
}

import Foundation
import LLoCOCheckpoints
import LLoCODataSets
import LLoCOModels
import LLoCOTokenizers

/// Tokenizers and texts for the tests of generated data.
enum GenerationSupport {
    private static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A small tokenizer of a real kind: `smollm` (byte-level), `llama2` (SentencePiece), `uncased` (WordPiece).
    static func tokenizer(_ name: String) throws -> any Tokenizer {
        try TokenizerLoader.load(folder: package.appending(path: "Tests/LLoCOTokenizersTests/Fixtures/\(name)"))
    }

    /// The default model's file; nil where it has not been fetched.
    static let defaultModel: URL? = {
        let given = ProcessInfo.processInfo.environment["LLOCO_DEPS"].flatMap { $0.isEmpty ? nil : $0 }
        let dependencies = given.map { URL(fileURLWithPath: $0) } ?? package.appending(path: ".deps")
        let folder = dependencies.appending(path: "models/smollm2-135m-instruct")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().first { $0.hasSuffix(".gguf") }.map { folder.appending(path: $0) }
    }()

    static func defaultTokenizer() throws -> (any Tokenizer)? {
        try defaultModel.flatMap { try LanguageModel.tokenizer(of: CheckpointLoader.open($0), path: $0) }
    }

    /// Tokens of a document's text and question.
    static func tokens(_ document: EvaluationDocument, _ tokenizer: any Tokenizer) -> Int {
        tokenizer.encode(document.text ?? "", special: .asText).count
            + tokenizer.encode(document.questions[0].text, special: .asText).count
    }

    /// Twelve short histories of invented lakes, each of a few passages; the first question's answer stands in one.
    static let questions = EvaluationSet(
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
    /// The task itself: what follows the last of these openings, past an example.
    func task(after opening: String) -> String {
        let text = text ?? ""
        return text.ranges(of: opening).last.map { String(text[$0.upperBound...]) } ?? ""
    }
}

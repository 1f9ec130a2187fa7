import LLoCODocuments
import LLoCOTokenizers

/// Examples, a text, a question, an answer, line by line: what a plain language model continues in kind. A small model
/// does so better than it follows instructions.
struct StudyScript {
    private let tokenizer: any Tokenizer

    private let examples: String

    /// - Parameter window: the positions that the model has; the examples take a quarter of them at most
    init(_ tokenizer: any Tokenizer, window: Int) {
        self.tokenizer = tokenizer
        let examples = StudyExample.all.map { example in
            "Text: \(example.text)\n"
                + example.questions.map { "Question: \($0.question)\nAnswer: \($0.answer)\n" }.joined() + "\n"
        }
        let fitting = (0...examples.count).last {
            tokenizer.encode(examples[..<$0].joined(), special: .asText).count <= window / 4
        }
        self.examples = examples[..<(fitting ?? 0)].joined()
    }

    /// Ids of the script up to some place.
    ///
    /// - Parameters:
    ///   - text: nil for the examples alone
    ///   - question: as far as it goes; nil for the text alone
    ///   - answer: nil for a question that goes on
    func ids(about text: String? = nil, question: String? = nil, answer: String? = nil) -> [Int] {
        var script = examples
        if let text { script += "Text: " + text.split(whereSeparator: \.isWhitespace).joined(separator: " ") + "\n" }
        if let question { script += "Question: " + question }
        // A word brings its own space.
        if let answer { script += "\nAnswer:" + (answer.isEmpty ? "" : " " + answer) }
        let start = tokenizer.addsBeginningOfText ? tokenizer.beginningOfText.map { [$0] } ?? [] : []
        return start + tokenizer.encode(script, special: .asText)
    }
}

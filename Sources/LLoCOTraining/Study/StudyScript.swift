import LLoCODocuments
import LLoCOTokenizers

/// A few-shot prompt: lines with example texts, questions and answers, then a text for the model to continue. A small
/// model continues such a script better than it follows instructions.
struct StudyScript {
    private let tokenizer: any Tokenizer

    private let examples: String

    /// - Parameter window: the model's window; the examples take at most a quarter of it
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

    /// Token ids of the script, as far as its parts are given.
    ///
    /// - Parameters:
    ///   - text: the text after the examples; nil to end with the examples
    ///   - question: a question or its beginning; nil to end with the text
    ///   - answer: an answer or its beginning; nil to leave the question open
    func ids(about text: String? = nil, question: String? = nil, answer: String? = nil) -> [Int] {
        var script = examples
        if let text { script += "Text: " + text.split(whereSeparator: \.isWhitespace).joined(separator: " ") + "\n" }
        if let question { script += "Question: " + question }
        // The space belongs to the answer's first token; an empty answer must not end with one.
        if let answer { script += "\nAnswer:" + (answer.isEmpty ? "" : " " + answer) }
        let start = tokenizer.addsBeginningOfText ? tokenizer.beginningOfText.map { [$0] } ?? [] : []
        return start + tokenizer.encode(script, special: .asText)
    }
}

import LLoCOBase
public import LLoCODataSets
public import LLoCOTokenizers

/// A question as it is put to the model in mode `full`, for another program that answers it: a line of JSON.
///
///     {"id": "q7", "document": "d1", "before": [1, 9], "text": [50, 51], "after": [2, 8], "max_tokens": 48,
///      "metric": "f1", "answers": ["a well"], "prediction": ""}
///
/// The prompt is `before`, `text` and `after`, ids of the model's own tokenizer. Questions about one document follow each
/// other, and the first alone brings the `text`. With its `prediction` filled in a line is one of ``Prediction``'s.
public struct QuestionPrompt: Sendable, Encodable {
    /// What is asked, and what the answer is judged by.
    public var question: EvaluationQuestion
    /// The id of its document.
    public var document: String
    /// Ids before the document's.
    public var before: [Int]
    /// The document's ids, all of them, whatever the model's window holds; nil where they are those of the line before.
    public var text: [Int]?
    /// Ids behind the document's.
    public var after: [Int]

    private enum CodingKeys: String, CodingKey {
        case document, before, text, after
        case maximumTokens = "max_tokens"
    }

    public func encode(to encoder: any Encoder) throws {
        try Prediction(question: question, mode: nil, prediction: "").encode(to: encoder)
        var line = encoder.container(keyedBy: CodingKeys.self)
        try line.encode(document, forKey: .document)
        try line.encode(before, forKey: .before)
        try line.encodeIfPresent(text, forKey: .text)
        try line.encode(after, forKey: .after)
        try line.encode(question.answerTokens, forKey: .maximumTokens)
    }
}

extension EvaluationDocument {
    /// The prompts of the questions about a document, in their order.
    ///
    /// - Throws: ``EvaluationError`` where the set does not bring the document's text.
    public func prompts(_ builder: PromptBuilder) throws -> [QuestionPrompt] {
        guard let text else {
            throw EvaluationError(.invalid, "document '\(title.printable(limit: 80))' of the question set has no text")
        }
        let ids = builder.text(text)
        // No tokenizer has this id: it holds the text's place.
        let place = -1
        return try questions.enumerated().map { number, question in
            let prompt = try builder.prompt(question: question.text, context: [place], form: question.form)
            guard let index = prompt.firstIndex(of: place) else {
                throw EvaluationError(
                    .invalid, "question '\(question.id.printable(limit: 80))' has no place for a text")
            }
            return QuestionPrompt(
                question: question, document: id, before: Array(prompt[..<index]), text: number == 0 ? ids : nil,
                after: Array(prompt[(index + 1)...]))
        }
    }
}

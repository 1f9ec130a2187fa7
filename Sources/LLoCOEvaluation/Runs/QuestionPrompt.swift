import LLoCOBase
public import LLoCODataSets
public import LLoCOTokenizers

/// The prompt of a question in mode `full`, for another program that answers it: a line of JSON.
///
///     {"id": "q7", "document": "d1", "before": [1, 9], "text": [50, 51], "after": [2, 8], "max_tokens": 48,
///      "metric": "f1", "answers": ["a well"], "prediction": ""}
///
/// The prompt is `before` + `text` + `after`, token ids of the model's tokenizer. Questions about one document are
/// consecutive, and only the first has `text`. With `prediction` filled in, a line is a valid line of ``Prediction``.
public struct QuestionPrompt: Sendable, Encodable {
    /// The question and its scoring rules.
    public var question: EvaluationQuestion
    /// The id of the question's document.
    public var document: String
    /// Token ids before the document.
    public var before: [Int]
    /// All token ids of the document, even beyond the context window; nil if equal to those of the previous line.
    public var text: [Int]?
    /// Token ids after the document.
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
    /// The prompts of the questions about the document, in order.
    ///
    /// - Throws: ``EvaluationError`` if the document has no text.
    public func prompts(_ builder: PromptBuilder) throws -> [QuestionPrompt] {
        guard let text else {
            throw EvaluationError(.invalid, "document '\(title.printable(limit: 80))' of the question set has no text")
        }
        let ids = builder.text(text)
        // A placeholder for the text: no tokenizer has this id.
        let place = -1
        return try questions.enumerated().map { number, question in
            let prompt = try builder.prompt(question: question.text, context: [place], form: question.form)
            guard let index = prompt.firstIndex(of: place) else {
                throw EvaluationError(
                    .invalid, "the prompt of question '\(question.id.printable(limit: 80))' has no place for a text")
            }
            return QuestionPrompt(
                question: question, document: id, before: Array(prompt[..<index]), text: number == 0 ? ids : nil,
                after: Array(prompt[(index + 1)...]))
        }
    }
}

import LLoCOBase

extension EvaluationQuestion {
    /// A multiple-choice prompt: the question, its lettered options, and the answer format that `scorer` reads.
    ///
    /// - Parameter correct: the index of the correct option
    /// - Throws: `JSONFields.Fault` for fewer than 2 or more than 26 options, or if `correct` is not an option.
    static func choice(
        id: String, _ text: String, options: [String], correct: Int, scorer: Scorer, answerTokens: Int? = nil,
        attributes: [String: String]
    ) throws -> EvaluationQuestion {
        let letters = options.indices.compactMap { MultipleChoice.letter($0).map { String($0) } }
        guard let last = letters.last, options.count >= 2, letters.count == options.count else {
            throw JSONFields.Fault(reason: "\(options.count) options; expected 2 to 26")
        }
        guard options.indices.contains(correct) else {
            throw JSONFields.Fault(reason: "the correct option is not one of the \(options.count)")
        }
        let lines = zip(letters, options).map { "(\($0)) \($1)" }
        let names = "\(letters.dropLast().joined(separator: ", ")) or \(last)"
        let instruction =
            scorer == .correctAnswerIs
            ? "Choose \(names), and answer in this form: \"\(scorer.answer(letter: "..."))\"."
            : "Answer with the letter alone: \(names)."
        return EvaluationQuestion(
            id: id, text: ([text] + lines + [instruction]).joined(separator: "\n"), originalText: text,
            answers: [letters[correct]],
            choices: options, correctChoice: correct, metric: .accuracy, scorer: scorer,
            answerTokens: answerTokens, attributes: attributes)
    }
}

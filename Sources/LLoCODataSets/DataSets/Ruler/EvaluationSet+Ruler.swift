public import LLoCOTokenizers

extension EvaluationSet {
    /// Generates RULER (Hsieh et al. 2024): thirteen tasks at any length.
    ///
    /// A length counts the whole prompt and the published room for the answer. Every document has one question with the
    /// attributes `task`, `length` (as requested) and, if the answer stands in one place, `depth` (percent, rounded to
    /// tens). A document's text begins with the instructions to the model.
    ///
    /// ```swift
    /// let options = RulerOptions(lengths: [4_096, 8_192], samples: 20)
    /// let set = try EvaluationSet.ruler(options, tokenizer: tokenizer, questions: questions)
    /// ```
    ///
    /// - Parameters:
    ///   - tokenizer: the evaluated model's tokenizer; lengths are counted with it
    ///   - haystack: the prose that needles are hidden in, any text; nil for built-in prose
    ///   - questions: the questions of `qa_1` and `qa_2` with the documents that answer them; without it these tasks
    ///     are skipped and named in `remarks`
    ///   - progress: called after each sample with the number of finished samples and the total; an error it throws
    ///     ends the generation
    /// - Throws: ``DataGenerationError`` for options out of bounds, a length that is too short for a task or longer
    ///   than its filler can make, a haystack without words, and questions that no text answers.
    public static func ruler(
        _ options: RulerOptions, tokenizer: any Tokenizer, haystack: String? = nil, questions: EvaluationSet? = nil,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> EvaluationSet {
        try options.check()
        let tasks = options.tasks.filter { questions != nil || !$0.needsQuestions }
        guard !tasks.isEmpty else {
            throw DataGenerationError("ruler", "no questions, expected a question set for qa_1 and qa_2")
        }
        var set = EvaluationSet(name: "ruler", format: .ruler)
        let skipped = options.tasks.filter { !tasks.contains($0) }.map { task in
            "ruler \(task.rawValue): skipped: no questions, expected a question set"
        }
        var generator = try RulerGenerator(
            options: options, tokenizer: tokenizer,
            prose: Haystack(haystack ?? HaystackProse.text(words: options.lengths.max() ?? 0)),
            pool: tasks.contains { $0.needsQuestions } ? questions.map { try QuestionPool($0) } : nil)
        let total = tasks.count * options.lengths.count * options.samples
        for length in options.lengths {
            for task in tasks {
                for sample in 0..<options.samples {
                    set.documents.append(try generator.document(task, length: length, sample: sample))
                    try progress(set.documents.count, total)
                }
            }
        }
        set.remarks = skipped + (questions?.remarks ?? []) + generator.remarks
        return set
    }
}

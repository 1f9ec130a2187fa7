public import LLoCOTokenizers

extension EvaluationSet {
    /// RULER (Hsieh et al. 2024): thirteen tasks at any length.
    ///
    /// A length is that of the whole prompt with the room for the answer that was published. Every document has one
    /// question with the attributes `task`, `length` (as asked for) and, where what is asked for stands in one place,
    /// `depth` (percent, rounded to tens). A document's text begins with what the model is told about it.
    ///
    /// ```swift
    /// let options = RulerOptions(lengths: [4_096, 8_192], samples: 20)
    /// let set = try EvaluationSet.ruler(options, tokenizer: tokenizer, questions: questions)
    /// ```
    ///
    /// - Parameters:
    ///   - tokenizer: that of the model which is asked, for the lengths
    ///   - haystack: the prose that needles are hidden in, any text; nil for prose of our own
    ///   - questions: what `qa_1` and `qa_2` ask, with the documents that answer it; without it these tasks are left
    ///     out, and `remarks` say so
    ///   - progress: told after each sample how many are done, of how many; what it throws ends the work
    /// - Throws: ``DataGenerationError`` for options out of bounds, a length that is too short for a task or longer
    ///   than its words suffice for, a haystack without words, and questions that no text answers.
    public static func ruler(
        _ options: RulerOptions, tokenizer: any Tokenizer, haystack: String? = nil, questions: EvaluationSet? = nil,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> EvaluationSet {
        try options.check()
        let tasks = options.tasks.filter { questions != nil || !$0.needsQuestions }
        guard !tasks.isEmpty else {
            throw DataGenerationError("ruler", "no questions were given, expected a set of them for qa_1 and qa_2")
        }
        var set = EvaluationSet(name: "ruler", format: .ruler)
        let leftOut = options.tasks.filter { !tasks.contains($0) }.map { task in
            "ruler \(task.rawValue): the task is left out: no questions were given, expected a set of them"
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
        set.remarks = leftOut + (questions?.remarks ?? []) + generator.remarks
        return set
    }
}

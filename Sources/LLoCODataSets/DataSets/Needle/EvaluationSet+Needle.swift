import LLoCOBase
public import LLoCOTokenizers

extension EvaluationSet {
    /// Generates needle-in-a-haystack texts (Kamradt 2023): one text with one hidden sentence per length and depth.
    ///
    /// A length counts the whole prompt and the room for the answer. A text ends with the last sentence that fits. The
    /// needle stands at the sentence boundary nearest to the depth. Every document has one question with the attributes
    /// `task` (`needle`), `length` (as requested) and `depth` (percent, as requested).
    ///
    /// ```swift
    /// let set = try EvaluationSet.needle(NeedleOptions(lengths: [4_096], depths: [0, 50, 100]), tokenizer: tokenizer)
    /// ```
    ///
    /// - Parameters:
    ///   - tokenizer: the evaluated model's tokenizer; lengths are counted with it
    ///   - haystack: any text, repeated if it is too short; nil for built-in prose
    ///   - progress: called after each text with the number of finished texts and the total; an error it throws ends
    ///     the generation
    /// - Throws: ``DataGenerationError`` for options out of bounds, a haystack without words, a haystack that contains
    ///   the needle, and a length that is too short.
    public static func needle(
        _ options: NeedleOptions, tokenizer: any Tokenizer, haystack: String? = nil,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> EvaluationSet {
        try options.check()
        if case .fixed(let needle) = options.hidden, haystack?.contains(needle.text) == true {
            throw DataGenerationError("the haystack", "contains the needle, expected a text without it")
        }
        let text = try Haystack(haystack ?? HaystackProse.text(words: options.lengths.max() ?? 0))
        var set = EvaluationSet(name: "needle", format: .needle)
        let total = options.lengths.count * options.depths.count * options.samples
        for length in options.lengths {
            for depth in options.depths {
                for sample in 0..<options.samples {
                    set.documents.append(
                        try NeedleText(length: length, depth: depth, sample: sample)
                            .document(options, tokenizer: tokenizer, haystack: text))
                    try progress(set.documents.count, total)
                }
            }
        }
        return set
    }
}

/// One text of the grid of lengths and depths.
private struct NeedleText {
    var length: Int
    /// In percent.
    var depth: Double
    var sample: Int

    /// `50` or `33.3`.
    private var shownDepth: String { depth == depth.rounded() ? "\(Int(depth))" : "\(depth)" }

    func document(
        _ options: NeedleOptions, tokenizer: any Tokenizer, haystack: Haystack
    ) throws -> EvaluationDocument {
        let id = "needle-\(length)-\(shownDepth)-\(sample)"
        let needle: Needle
        switch options.hidden {
        case .fixed(let fixed): needle = fixed
        case .random:
            var generator = SplitMix64(seed: options.seed, name: id)
            needle = .random(using: &generator, outside: haystack)
        }
        let questionTokens = tokenizer.encode(needle.question, special: .asText).count
        let reserved = questionTokens + options.answerTokens + options.templateTokens
        let text: String
        do {
            // An upper bound: a token has about four bytes, so no text has four sentences per token.
            text = try LengthFit(room: length - reserved).largest(in: 1...(4 * length)) { sentences in
                let words = haystack.words(ofSentences: sentences)
                let place = haystack.boundary(nearest: depth / 100 * Double(words), ofWords: words)
                let text = haystack.text(words: words, inserting: [.init(place: place, text: needle.text)])
                return (text, tokenizer.encode(text, special: .asText).count)
            }.value
        } catch let error as LengthFit.TooLong {
            throw DataGenerationError(
                "needle at \(length) tokens",
                "a sentence, the needle, the question and the answer take \(error.tokens + reserved) tokens, "
                    + "expected a length of at least that")
        }
        let question = EvaluationQuestion(
            id: id, text: needle.question, answers: needle.answers, metric: .stringMatch,
            answerTokens: max(1, options.answerTokens),
            attributes: ["task": "needle", "length": "\(length)", "depth": shownDepth])
        return EvaluationDocument(
            id: id, title: "needle, \(length) tokens, \(shownDepth) % deep, sample \(sample + 1)", text: text,
            questions: [question])
    }
}

import LLoCOBase
public import LLoCOTokenizers

extension EvaluationSet {
    /// A needle in a haystack (Kamradt 2023): for each length and depth a text with one sentence that does not belong.
    ///
    /// A length is that of the whole prompt with room for the answer; texts end with the last sentence that fits. The
    /// needle stands where a sentence begins or ends, as near as there is to the depth. Every document has one question
    /// with the attributes `task` (`needle`), `length` (as asked for) and `depth` (percent, as asked for).
    ///
    /// ```swift
    /// let set = try EvaluationSet.needle(NeedleOptions(lengths: [4_096], depths: [0, 50, 100]), tokenizer: tokenizer)
    /// ```
    ///
    /// - Parameters:
    ///   - tokenizer: that of the model which is asked, for the lengths
    ///   - haystack: any text, repeated where it is too short; nil for prose of our own
    ///   - progress: told after each text how many are done, of how many; what it throws ends the work
    /// - Throws: ``DataGenerationError`` for options out of bounds, a haystack without words or with the needle in it,
    ///   and a length that is too short.
    public static func needle(
        _ options: NeedleOptions, tokenizer: any Tokenizer, haystack: String? = nil,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> EvaluationSet {
        try options.check()
        if case .fixed(let needle) = options.hidden, haystack?.contains(needle.text) == true {
            throw DataGenerationError("the haystack", "the needle is in it already, expected a text without")
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

/// One text of the grid.
private struct NeedleText {
    var length: Int
    /// percent
    var depth: Double
    var sample: Int

    /// `50`, or `33.3`
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
        let asked = tokenizer.encode(needle.question, special: .asText).count
        let reserved = asked + options.answerTokens + options.templateTokens
        let text: String
        do {
            // A token has about four bytes; four sentences a token are out of reach.
            text = try LengthFit(room: length - reserved).largest(in: 1...(4 * length)) { sentences in
                let words = haystack.words(ofSentences: sentences)
                let place = haystack.boundary(nearest: depth / 100 * Double(words), ofWords: words)
                let text = haystack.text(words: words, inserting: [.init(place: place, text: needle.text)])
                return (text, tokenizer.encode(text, special: .asText).count)
            }.value
        } catch let misfit as LengthFit.TooLong {
            throw DataGenerationError(
                "needle at \(length) tokens",
                "a sentence, the needle, the question and the answer take \(misfit.tokens + reserved) tokens, "
                    + "expected a length of at least so many")
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

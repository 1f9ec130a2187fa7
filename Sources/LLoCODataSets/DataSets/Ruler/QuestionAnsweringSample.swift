import LLoCOBase

/// RULER's question answering: passages that answer a question among distractors. The distractors come first from the
/// same document, then from other documents, and repeat if they are too few. The last one is truncated to fit.
struct QuestionAnsweringSample: RulerSample {
    /// A truncated passage with fewer words is dropped.
    private static let minimumTruncatedWords = 8

    private let entry: QuestionPool.Entry
    private let passages: [QuestionPool.Passage]
    private let distractors: [Int]
    private let order: SplitMix64

    init(_ entry: QuestionPool.Entry, of pool: QuestionPool, generator: SplitMix64) {
        var generator = generator
        self.entry = entry
        passages = pool.passages
        let ownPassages = Set(entry.evidence + entry.related)
        distractors =
            entry.related.shuffled(using: &generator)
            + pool.passages.indices.filter { !ownPassages.contains($0) }.shuffled(using: &generator)
        order = SplitMix64(seed: generator.next())
    }

    /// Number of words in the distractors.
    var sizes: ClosedRange<Int> { 0...(distractors.isEmpty ? 0 : GenerationLimits.maximumLength) }

    mutating func prompt(size: Int) -> RulerPrompt {
        var generator = order
        var chosen = entry.evidence.map { (passage: $0, words: Int.max) }
        var remaining = size
        var index = 0
        while remaining > 0 {
            let passage = distractors[index % distractors.count]
            let words = passages[passage].wordCount
            if remaining >= words || remaining >= Self.minimumTruncatedWords { chosen.append((passage, remaining)) }
            remaining -= max(1, words)
            index += 1
        }
        chosen.shuffle(using: &generator)
        var text =
            "A question about the passages below follows them. Answer it from these passages alone, in few words."
        for (index, (passage, words)) in chosen.enumerated() {
            text += "\n\nPassage \(index + 1):\n" + passages[passage].truncated(toWords: words)
        }
        var depth: Double?
        if entry.evidence.count == 1, chosen.count > 1,
            let place = chosen.firstIndex(where: { $0.passage == entry.evidence[0] })
        {
            depth = Double(place) / Double(chosen.count - 1)
        }
        // The data set's additional request does not apply to these passages.
        let question = entry.question.originalText ?? entry.question.text
        return RulerPrompt(
            text: text, question: "Answer from the passages, and give nothing but the answer.\n\n" + question,
            answers: entry.question.answers.filter { !$0.isEmpty }, depth: depth)
    }
}

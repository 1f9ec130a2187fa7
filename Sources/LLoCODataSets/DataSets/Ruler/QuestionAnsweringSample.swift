import LLoCOBase

/// RULER's question answering: the passages that answer a question among passages that do not. The others of the same
/// document come first, then those of other documents, again and again where they are too few. The last one taken is
/// cut to what there is room for.
struct QuestionAnsweringSample: RulerSample {
    /// Fewer words make no passage.
    private static let shortestCut = 8

    private let entry: QuestionPool.Entry
    private let passages: [QuestionPool.Passage]
    private let distractors: [Int]
    private let order: SplitMix64

    init(_ entry: QuestionPool.Entry, of pool: QuestionPool, generator: SplitMix64) {
        var generator = generator
        self.entry = entry
        passages = pool.passages
        let own = Set(entry.evidence + entry.related)
        distractors =
            entry.related.shuffled(using: &generator)
            + pool.passages.indices.filter { !own.contains($0) }.shuffled(using: &generator)
        order = SplitMix64(seed: generator.next())
    }

    /// In words of distractors.
    var sizes: ClosedRange<Int> { 0...(distractors.isEmpty ? 0 : GenerationLimits.longest) }

    mutating func prompt(size: Int) -> RulerPrompt {
        var generator = order
        var chosen = entry.evidence.map { (passage: $0, words: Int.max) }
        var rest = size
        var index = 0
        while rest > 0 {
            let passage = distractors[index % distractors.count]
            let words = passages[passage].wordCount
            if rest >= words || rest >= Self.shortestCut { chosen.append((passage, rest)) }
            rest -= max(1, words)
            index += 1
        }
        chosen.shuffle(using: &generator)
        var text =
            "A question about the passages below follows them. Answer it from these passages alone, in few words."
        for (index, (passage, words)) in chosen.enumerated() {
            text += "\n\nPassage \(index + 1):\n" + passages[passage].cut(toWords: words)
        }
        var depth: Double?
        if entry.evidence.count == 1, chosen.count > 1,
            let place = chosen.firstIndex(where: { $0.passage == entry.evidence[0] })
        {
            depth = Double(place) / Double(chosen.count - 1)
        }
        // What its data set asks besides does not hold for these passages.
        let question = entry.question.originalText ?? entry.question.text
        return RulerPrompt(
            text: text, question: "Answer from the passages, and give nothing but the answer.\n\n" + question,
            answers: entry.question.answers.filter { !$0.isEmpty }, depth: depth)
    }
}

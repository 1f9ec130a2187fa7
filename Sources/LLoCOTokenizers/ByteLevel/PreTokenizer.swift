/// A pre-tokenizer, which splits text into the words within which BPE merges. Each stage splits the output of the
/// previous one.
struct PreTokenizer: Sendable, Hashable {
    enum Stage: Sendable, Hashable {
        /// Separates numbers from other text, each digit alone or in runs.
        case digits(individual: Bool)
        /// Splits text into the matches of a regular expression.
        case pattern(SplitPattern)
    }

    var stages: [Stage]

    /// Whether a space is prepended to a text that does not begin with one.
    var addsPrefixSpace = false

    /// Calls `body` with the range of each word, in order. The ranges cover the whole text.
    @inline(__always)
    func forEachWord(in text: UTF8Buffer, _ body: (Range<Int>) -> Void) {
        if stages.count == 1, case .pattern(let pattern) = stages[0] {
            var start = 0
            while start < text.count {
                let end = pattern.end(in: text, from: start, to: text.count)
                body(start..<end)
                start = end
            }
        } else {
            split(text, 0..<text.count, stage: 0, body)
        }
    }

    private func split(_ text: UTF8Buffer, _ range: Range<Int>, stage: Int, _ body: (Range<Int>) -> Void) {
        guard !range.isEmpty else { return }
        guard stage < stages.count else {
            body(range)
            return
        }
        var start = range.lowerBound
        while start < range.upperBound {
            let end =
                switch stages[stage] {
                case .pattern(let pattern):
                    pattern.end(in: text, from: start, to: range.upperBound)
                case .digits(let individual):
                    Self.endOfDigits(in: text, from: start, to: range.upperBound, individual: individual)
                }
            split(text, start..<end, stage: stage + 1, body)
            start = end
        }
    }

    private static func endOfDigits(in text: UTF8Buffer, from start: Int, to limit: Int, individual: Bool) -> Int {
        let first = text.scalarClass(at: start)
        if first.class == .number {
            return individual ? start + first.length : text.end(of: .number, from: start, to: limit)
        }
        var end = start + first.length
        while end < limit {
            let next = text.scalarClass(at: end)
            guard next.class != .number else { break }
            end += next.length
        }
        return end
    }
}

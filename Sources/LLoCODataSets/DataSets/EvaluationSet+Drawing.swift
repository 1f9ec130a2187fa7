import LLoCOBase
public import LLoCOTokenizers

extension EvaluationSet {
    /// Keeps a random sample of the documents with at most `tokens` tokens in total.
    ///
    /// The first document drawn is kept whatever its length. Documents keep their order. A remark states their number.
    ///
    /// - Parameters:
    ///   - tokens: maximum total number of tokens of the kept texts
    ///   - seed: seed of the random order
    ///   - tokenizer: the tokenizer that counts them
    public mutating func draw(tokens: Int, seed: UInt64, tokenizer: any Tokenizer) {
        var generator = SplitMix64(seed: seed)
        var left = tokens
        var drawn: [Int] = []
        for index in documents.indices.shuffled(using: &generator) {
            let count = documents[index].text.map { tokenizer.encode($0, special: .asText).count } ?? 0
            guard count <= left || drawn.isEmpty else { break }
            drawn.append(index)
            left -= count
        }
        guard drawn.count < documents.count else { return }
        remarks.append(
            "\(name): \(drawn.count) of \(documents.count) documents, drawn by seed \(seed): \(tokens - left) tokens")
        documents = drawn.sorted().map { documents[$0] }
    }
}

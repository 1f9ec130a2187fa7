import LLoCOBase
public import LLoCOTokenizers

extension EvaluationSet {
    /// Keeps some of the documents, drawn by a seed, whose texts have at most `tokens` tokens in all. The first document
    /// drawn is kept whatever its length. Documents keep their order, and a remark says how many there are.
    ///
    /// - Parameters:
    ///   - tokens: the maximum of the kept texts together
    ///   - tokenizer: what counts them
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

/// Concatenates the bytes of tokens, optionally without special tokens and without SentencePiece's dummy prefix space.
struct TextAssembler: Sendable {
    private let tokenizer: any Tokenizer
    private let skippingSpecial: Bool
    private var dropsSpace: Bool

    /// - Parameter startsText: whether the first token begins a text, so that a dummy prefix space is dropped.
    init(tokenizer: any Tokenizer, skippingSpecial: Bool, startsText: Bool) {
        self.tokenizer = tokenizer
        self.skippingSpecial = skippingSpecial
        dropsSpace = startsText && tokenizer.dropsLeadingSpace
    }

    mutating func append(_ id: Int, to bytes: inout [UInt8]) {
        if tokenizer.isSpecial(id) {
            if !skippingSpecial {
                bytes.append(contentsOf: tokenizer.bytes(of: id))
            }
            // A marker does not count as the text's first word.
            return
        }
        let piece = tokenizer.bytes(of: id)
        if dropsSpace, !piece.isEmpty {
            dropsSpace = false
            bytes.append(contentsOf: piece.first == UInt8(ascii: " ") ? piece.dropFirst() : piece[...])
        } else {
            bytes.append(contentsOf: piece)
        }
    }
}

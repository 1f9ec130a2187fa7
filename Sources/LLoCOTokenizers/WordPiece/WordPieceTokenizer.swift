/// A WordPiece tokenizer (Schuster and Nakajima 2012) as in BERT: a word becomes the longest matching pieces from left
/// to right, or the unknown token if it cannot be split into pieces.
public final class WordPieceTokenizer: VocabularyTokenizer {
    let vocabulary: Vocabulary
    let markers: TokenMarkers
    private let normalizer: BertNormalizer
    private let effects: [BertNormalizer.Effect]
    private let continuation: [UInt8]
    private let maximumWordScalars: Int
    private let unknown: Int
    private let classification: Int
    private let separator: Int

    /// - Parameters:
    ///   - vocabulary: the tokens; those that do not begin a word have the prefix `continuation`.
    ///   - maximumWordScalars: longer words become the unknown token.
    ///   - roles: with the classification token as ``TokenRoles/beginningOfText`` and the separator as
    ///     ``TokenRoles/endOfText``.
    init(
        vocabulary: Vocabulary, normalizer: BertNormalizer, continuation: String, maximumWordScalars: Int,
        roles: TokenRoles, location: String
    ) throws(TokenizerError) {
        guard let unknown = roles.unknown, let classification = roles.beginningOfText, let separator = roles.endOfText
        else {
            let missing = roles.unknown == nil ? "[UNK]" : roles.beginningOfText == nil ? "[CLS]" : "[SEP]"
            throw .malformed(location, "no token \(missing) in the vocabulary, which BERT requires")
        }
        self.vocabulary = vocabulary
        self.normalizer = normalizer
        self.continuation = Array(continuation.utf8)
        self.maximumWordScalars = maximumWordScalars
        self.unknown = unknown
        self.classification = classification
        self.separator = separator
        markers = TokenMarkers(roles)
        effects = (UInt8(0)..<0x80).map { normalizer.effect(of: Unicode.Scalar($0)) }
    }

    package var lowercases: Bool { normalizer.lowercases }
    package var stripsAccents: Bool { normalizer.stripsAccents }
    package var separatesIdeographs: Bool { normalizer.separatesIdeographs }

    public var dropsLeadingSpace: Bool { true }

    /// The bytes of a piece. A piece that begins a word has a leading space.
    public func bytes(of id: Int) -> [UInt8] {
        let text = vocabulary.text(of: id)
        if text.isEmpty || text.starts(with: continuation) {
            return Array(text.dropFirst(continuation.count))
        }
        return [UInt8(ascii: " ")] + text
    }

    /// Encodes a text as the input of an embedding model: `[CLS]`, the text, `[SEP]`.
    ///
    /// - Parameters:
    ///   - maxTokens: maximum number of ids, including the two markers. Longer texts are truncated.
    ///   - special: whether the names of special tokens in the text become those tokens.
    public func encodeForEmbedding(
        _ text: String, maxTokens: Int = 256, special: SpecialTokens = .asText
    ) -> EmbeddingInput {
        let ids = encode(text, special: special)
        let limit = max(0, maxTokens - 2)
        return EmbeddingInput(
            ids: [classification] + ids.prefix(limit) + [separator], omittedTokens: max(0, ids.count - limit))
    }

    /// Decodes `ids`: joins pieces, separates words by spaces, and omits the space before `.`, `?`, `!` and `,`.
    public func decode(_ ids: [Int], skippingSpecial: Bool) -> String {
        var bytes: [UInt8] = []
        for id in ids where !(skippingSpecial && isSpecial(id)) {
            let piece = self.bytes(of: id)
            let isMark = piece.count == 2 && ".?!,".utf8.contains(piece[1])
            let dropsSpace = (isMark || bytes.isEmpty) && piece.first == UInt8(ascii: " ")
            bytes.append(contentsOf: dropsSpace ? piece.dropFirst() : piece[...])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func encode(_ text: UTF8Buffer, at base: Int, into sink: inout TokenSink) {
        var word = Word(padding: continuation.count, tracksOffsets: sink.needsRanges)
        var rare: [UInt32: BertNormalizer.Effect] = [:]
        var index = 0
        while index < text.count {
            let (value, length) = text.scalar(at: index)
            let range = (base + index)..<(base + index + length)
            index += length
            if value < 0x80 {
                apply(effects[Int(value)], range, &word, &sink)
            } else if let effect = rare[value] {
                apply(effect, range, &word, &sink)
            } else {
                let effect = Unicode.Scalar(value).map(normalizer.effect) ?? .dropped
                if rare.count < 4096 {
                    rare[value] = effect
                }
                apply(effect, range, &word, &sink)
            }
        }
        finish(&word, &sink)
    }

    private func apply(
        _ effect: BertNormalizer.Effect, _ range: Range<Int>, _ word: inout Word, _ sink: inout TokenSink
    ) {
        switch effect {
        case .part(let bytes, let scalars):
            word.append(bytes, scalars: scalars, from: range)
        case .space:
            finish(&word, &sink)
        case .word(let bytes):
            finish(&word, &sink)
            word.append(bytes, scalars: 1, from: range)
            finish(&word, &sink)
        case .several(let effects):
            for effect in effects {
                apply(effect, range, &word, &sink)
            }
        case .dropped:
            break
        }
    }

    /// Adds the pieces of the word and empties it.
    private func finish(_ word: inout Word, _ sink: inout TokenSink) {
        guard !word.isEmpty else { return }
        defer { word.removeAll() }
        guard word.scalars <= maximumWordScalars, split(&word) else {
            sink.append(unknown, word.range(word.padding..<word.bytes.count))
            return
        }
        for (id, range) in word.pieces {
            sink.append(id, word.range(range))
        }
    }

    /// Splits the word into pieces. Returns false if a part of it matches no piece.
    private func split(_ word: inout Word) -> Bool {
        let limit = word.bytes.count
        let prefix = word.padding
        var start = prefix
        while start < limit {
            // The continuation prefix overwrites bytes that are already split, so that prefix and piece are contiguous.
            let from = start == prefix ? start : start - prefix
            if from != start {
                for offset in 0..<prefix {
                    word.bytes[from + offset] = continuation[offset]
                }
            }
            var end = min(limit, from + vocabulary.longest)
            var found = -1
            word.bytes.withUnsafeBufferPointer { bytes in
                while end > start {
                    if end == limit || bytes[end] & 0xC0 != 0x80, let id = vocabulary.id(of: bytes.slice(from..<end)) {
                        found = id
                        break
                    }
                    end -= 1
                }
            }
            guard found >= 0 else { return false }
            word.pieces.append((found, start..<end))
            start = end
        }
        return true
    }
}

extension WordPieceTokenizer {
    /// The current word after normalization, preceded by room for a continuation prefix.
    private struct Word {
        let padding: Int
        let tracksOffsets: Bool
        var bytes: [UInt8]
        var scalars = 0
        var pieces: [(id: Int, range: Range<Int>)] = []
        private var sources: [Range<Int>] = []

        init(padding: Int, tracksOffsets: Bool) {
            self.padding = padding
            self.tracksOffsets = tracksOffsets
            bytes = [UInt8](repeating: 0, count: padding)
        }

        var isEmpty: Bool { bytes.count == padding }

        mutating func append(_ new: [UInt8], scalars count: Int, from source: Range<Int>) {
            bytes.append(contentsOf: new)
            scalars += count
            if tracksOffsets {
                sources.append(contentsOf: repeatElement(source, count: new.count))
            }
        }

        mutating func removeAll() {
            bytes.removeLast(bytes.count - padding)
            scalars = 0
            pieces.removeAll(keepingCapacity: true)
            sources.removeAll(keepingCapacity: true)
        }

        /// The source range of the bytes in a non-empty `range`.
        func range(_ range: Range<Int>) -> Range<Int> {
            sources[range.lowerBound - padding].lowerBound..<sources[range.upperBound - 1 - padding].upperBound
        }
    }
}

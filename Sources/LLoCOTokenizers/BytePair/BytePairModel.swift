/// Byte-pair encoding of single words: a vocabulary, its merges, and the handling of unknown text.
struct BytePairModel: Sendable {
    /// The initial symbols of a word before merging.
    enum Alphabet: Sendable {
        /// Bytes, with the token id of each byte, or -1.
        case bytes([Int32])
        /// Unicode scalars, looked up in the vocabulary.
        case characters
    }

    let vocabulary: Vocabulary
    let merges: PairTable
    let alphabet: Alphabet

    /// The token id of each byte, for characters outside the vocabulary.
    var byteFallback: [Int32]?

    /// The token for unknown text without a byte fallback. Without it, such text is dropped.
    var unknown: Int32?

    /// Whether adjacent unknown symbols become one token.
    var fusesUnknown = true

    /// Whether a word in the vocabulary is encoded as its token, without merging.
    var prefersWholeWords = false

    /// Characters that occur in tokens without being tokens. They take part in merges but cannot remain alone. Their
    /// ids follow those of the vocabulary.
    var innerCharacters = Vocabulary()

    /// Adds the tokens of a word to `sink`.
    ///
    /// - Parameters:
    ///   - start: the position of the word in the text.
    ///   - source: maps a position in the text to an offset in the source.
    @inline(__always)
    func encode(
        _ word: UTF8Buffer, at start: Int, source: (Int) -> Int, _ scratch: inout BytePairScratch,
        into sink: inout TokenSink
    ) {
        var position = start
        let isCacheable = word.count <= WordCache.maximumWordBytes
        let hash = isCacheable ? scratch.cache.hash(of: word) : 0
        if isCacheable {
            let isCached = scratch.cache.read(word, hash: hash) { symbol in
                emit(symbol, &position, source, into: &sink)
            }
            if isCached {
                return
            }
        }
        tokenize(word, &scratch)
        for symbol in scratch.symbols {
            emit(symbol, &position, source, into: &sink)
        }
        if isCacheable {
            scratch.cache.insert(word, hash: hash, scratch.symbols)
        }
    }

    @inline(__always)
    private func emit(_ symbol: Symbol, _ position: inout Int, _ source: (Int) -> Int, into sink: inout TokenSink) {
        let end = position + Int(symbol.length)
        if symbol.id >= 0 {
            sink.append(Int(symbol.id), source(position)..<source(end))
        }
        position = end
    }

    /// Stores the tokens of `word` in the scratch's symbols, with id -1 for bytes without a token.
    private func tokenize(_ word: UTF8Buffer, _ scratch: inout BytePairScratch) {
        scratch.symbols.removeAll(keepingCapacity: true)
        switch alphabet {
        case .bytes(let tokens):
            if prefersWholeWords, let id = vocabulary.id(of: ByteAlphabet.spelling(of: word)) {
                scratch.symbols.append(Symbol(id: Int32(truncatingIfNeeded: id), length: Int32(word.count)))
                return
            }
            for byte in word {
                scratch.symbols.append(Symbol(id: tokens[Int(byte)], length: 1))
            }
        case .characters:
            if prefersWholeWords, let id = vocabulary.id(of: word) {
                scratch.symbols.append(Symbol(id: Int32(truncatingIfNeeded: id), length: Int32(word.count)))
                return
            }
            var index = 0
            while index < word.count {
                let length = word.scalar(at: index).length
                scratch.symbols.append(
                    Symbol(id: character(word.slice(index..<(index + length))), length: Int32(length)))
                index += length
            }
        }
        scratch.merger.merge(&scratch.symbols, by: merges)
        let limit = Int32(truncatingIfNeeded: vocabulary.count)
        if scratch.symbols.contains(where: { $0.id < 0 || $0.id >= limit }) {
            replaceUnknown(&scratch.symbols, in: word)
        }
    }

    private func character(_ bytes: UTF8Buffer) -> Int32 {
        if let id = vocabulary.id(of: bytes) {
            return Int32(truncatingIfNeeded: id)
        }
        if let id = innerCharacters.id(of: bytes) {
            return Int32(truncatingIfNeeded: vocabulary.count + id)
        }
        return -1
    }

    private func replaceUnknown(_ symbols: inout [Symbol], in word: UTF8Buffer) {
        var result: [Symbol] = []
        result.reserveCapacity(symbols.count)
        var position = 0
        var previousIsUnknown = false
        for symbol in symbols {
            let end = position + Int(symbol.length)
            if symbol.id >= 0, Int(symbol.id) < vocabulary.count {
                result.append(symbol)
                previousIsUnknown = false
            } else if let byteFallback {
                for byte in word.slice(position..<end) {
                    result.append(Symbol(id: byteFallback[Int(byte)], length: 1))
                }
                previousIsUnknown = false
            } else if previousIsUnknown, fusesUnknown {
                result[result.count - 1].length += symbol.length
            } else {
                result.append(Symbol(id: unknown ?? -1, length: symbol.length))
                previousIsUnknown = true
            }
            position = end
        }
        symbols = result
    }
}

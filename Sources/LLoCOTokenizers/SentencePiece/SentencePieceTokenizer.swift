/// A SentencePiece BPE tokenizer (Kudo and Richardson 2018): Llama 2, Mistral and similar models.
///
/// Spaces are part of words. Characters outside the vocabulary become the tokens of their bytes.
public final class SentencePieceTokenizer: VocabularyTokenizer {
    let vocabulary: Vocabulary
    let markers: TokenMarkers
    private let model: BytePairModel
    private let options: SentencePieceOptions
    private let userDefined: AddedTokenMatcher
    private let canSplitAtSpaces: Bool
    private let pieces: PieceTable
    private let scratches = BytePairScratchPool()

    /// - Parameters:
    ///   - userDefined: tokens that are never split or merged, spelled with space symbols.
    ///   - surfaces: the decoded bytes of tokens where they differ from the spelling.
    init(
        model: BytePairModel, options: SentencePieceOptions, roles: TokenRoles, userDefined: [AddedToken],
        surfaces: [Int: [UInt8]]
    ) {
        self.model = model
        self.options = options
        self.userDefined = AddedTokenMatcher(userDefined)
        let vocabulary = model.vocabulary
        self.vocabulary = vocabulary
        let markers = TokenMarkers(roles)
        self.markers = markers
        canSplitAtSpaces = Self.hasOnlyLeadingSpaces(in: model)
        pieces = PieceTable(vocabulary) { id, spelling, bytes in
            if let surface = surfaces[id] {
                bytes.append(contentsOf: surface)
            } else if markers[id]?.isSpecial != true {
                SpaceSymbol.append(replacingIn: spelling, to: &bytes)
            } else {
                bytes.append(contentsOf: spelling)
            }
        }
    }

    public var dropsLeadingSpace: Bool { options.dropsLeadingSpace }

    public func bytes(of id: Int) -> [UInt8] { pieces[id] }

    /// Whether no merged token has a space after a word. In that case, splitting text before spaces and caching words
    /// does not change the result.
    private static func hasOnlyLeadingSpaces(in model: BytePairModel) -> Bool {
        model.merges.merged.allSatisfy { id in
            model.vocabulary.text(of: Int(id)).withUnsafeBufferPointer { text in
                var index = 0
                var hasWord = false
                while index < text.count {
                    if !SpaceSymbol.isAt(index, in: text) {
                        hasWord = true
                    } else if hasWord {
                        return false
                    }
                    index += text.scalar(at: index).length
                }
                return true
            }
        }
    }

    func encode(_ text: UTF8Buffer, at base: Int, into sink: inout TokenSink) {
        let normalized = normalized(text, isFirst: base == 0, tracksOffsets: sink.needsRanges)
        var local = sink
        sink = TokenSink(needsRanges: local.needsRanges)
        normalized.bytes.withUnsafeBufferPointer { bytes in
            let source = { base + normalized.offsets[$0] }
            scratches.withScratch { scratch in
                var start = 0
                for match in userDefined.matches(in: bytes) + [EncodedToken(id: -1, range: bytes.count..<bytes.count)] {
                    forEachWord(in: bytes, start..<match.range.lowerBound) { word in
                        model.encode(
                            bytes.slice(word), at: word.lowerBound, source: source, &scratch, into: &local)
                    }
                    if match.id >= 0 {
                        local.append(match.id, source(match.range.lowerBound)..<source(match.range.upperBound))
                    }
                    start = match.range.upperBound
                }
            }
        }
        sink = local
    }

    /// The text with space symbols for its spaces and, depending on the options, a dummy prefix space.
    private func normalized(_ text: UTF8Buffer, isFirst: Bool, tracksOffsets: Bool) -> NormalizedText {
        var result = NormalizedText(tracksOffsets: tracksOffsets)
        result.bytes.reserveCapacity(text.count + text.count / 2 + 3)
        let space = UInt8(ascii: " ")
        var start = 0
        var end = text.count
        if options.removesExtraWhitespace {
            while start < end, text[start] == space {
                start += 1
            }
            while end > start, text[end - 1] == space {
                end -= 1
            }
        }
        let beginsWithSpace = start < end && (text[start] == space || SpaceSymbol.isAt(start, in: text))
        let addsPrefix = options.prefix == .everySegment || (options.prefix == .first && isFirst)
        if start < end, addsPrefix, !(options.keepsLeadingSpace && beginsWithSpace) {
            result.append(SpaceSymbol.bytes, from: start)
        }
        var index = start
        while index < end {
            if text[index] != space {
                var next = index + 1
                while next < end, text[next] != space {
                    next += 1
                }
                result.append(copying: text.slice(index..<next), at: index)
                index = next
                continue
            }
            result.append(SpaceSymbol.bytes, from: index)
            index += 1
            while options.removesExtraWhitespace, index < end, text[index] == space {
                index += 1
            }
        }
        if options.removesExtraWhitespace {
            // Only here do literal space symbols in the text count as spaces.
            while result.bytes.suffix(SpaceSymbol.bytes.count).elementsEqual(SpaceSymbol.bytes) {
                result.removeLast(SpaceSymbol.bytes.count)
            }
        }
        result.finish(at: end)
        return result
    }

    /// Splits normalized text at positions that no token crosses.
    @inline(__always)
    private func forEachWord(in text: UTF8Buffer, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        guard canSplitAtSpaces || options.splitsAtEverySpace else {
            body(range)
            return
        }
        var start = range.lowerBound
        var index = start
        var isAfterWord = false
        while index < range.upperBound {
            if text[index] == 0xE2, SpaceSymbol.isAt(index, in: text) {
                if isAfterWord || (options.splitsAtEverySpace && index > start) {
                    body(start..<index)
                    start = index
                }
                isAfterWord = false
                index += 3
            } else {
                isAfterWord = true
                index += 1
            }
        }
        if start < range.upperBound {
            body(start..<range.upperBound)
        }
    }
}

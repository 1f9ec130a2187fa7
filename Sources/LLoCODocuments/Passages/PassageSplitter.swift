/// Splits a text into passages for retrieval: by default up to 180 words, and few enough word pieces for an encoder's
/// limit of 256.
///
/// A passage ends at the last paragraph end in its last three fifths, else at a sentence, else at a line, else between
/// words. Only a word longer than a passage is split. When a text grows, all its passages except the last stay the
/// same. Splitting takes linear time and the memory of one passage.
public struct PassageSplitter: Hashable, Sendable {
    /// The maximum number of words of a passage; default 180.
    public var maximumWords: Int
    /// The maximum number of word pieces of a passage; default 220. The number is estimated without the encoder's
    /// vocabulary.
    public var maximumPieces: Int
    /// The number of words that a passage repeats from the previous one; default 0.
    public var overlap: Int

    /// A splitter with the given limits.
    public init(maximumWords: Int = 180, maximumPieces: Int = 220, overlap: Int = 0) {
        self.maximumWords = max(1, maximumWords)
        self.maximumPieces = max(1, maximumPieces)
        self.overlap = max(0, overlap)
    }

    /// The passages of `text` as ranges of its UTF-8 bytes, in order. They begin and end without blanks.
    public func split(_ text: String) -> [Range<Int>] {
        var text = text
        return text.withUTF8 { bytes in
            var passages: [Range<Int>] = []
            var words = PassageWords(bytes)
            var pending: [PassageWords.Word] = []
            var pieces = 0
            // The number of words at the front of `pending` that the previous passage contains.
            var repeated = 0
            while let word = words.next() {
                while pending.count >= maximumWords || (!pending.isEmpty && pieces + word.pieces > maximumPieces) {
                    let count = breakpoint(pending, minimum: repeated + 1)
                    passages.append(pending[0].start..<pending[count - 1].end)
                    // At least one word of each passage is new, and at least half of its words.
                    repeated = min(overlap, count - 1, maximumWords / 2)
                    pending.removeFirst(count - repeated)
                    pieces = pending.reduce(0) { $0 + $1.pieces }
                    while repeated > 0, pieces + word.pieces > maximumPieces || pending.count >= maximumWords {
                        pieces -= pending.removeFirst().pieces
                        repeated -= 1
                    }
                }
                pending.append(word)
                pieces += word.pieces
            }
            if let first = pending.first, let last = pending.last, pending.count > repeated {
                passages.append(first.start..<last.end)
            }
            return passages
        }
    }

    /// The sentences of a text as ranges of its UTF-8 bytes, in order. They begin and end without blanks.
    package static func sentences(of text: String) -> [Range<Int>] {
        var text = text
        return text.withUTF8 { bytes in
            var sentences: [Range<Int>] = []
            var words = PassageWords(bytes)
            var start: Int?
            while let word = words.next() {
                start = start ?? word.start
                guard word.breakAfter >= .sentence else { continue }
                sentences.append((start ?? word.start)..<word.end)
                start = nil
            }
            return sentences
        }
    }

    /// The number of words in the passage: up to the last of the strongest breaks in the last three fifths.
    private func breakpoint(_ words: [PassageWords.Word], minimum: Int) -> Int {
        let floor = max(minimum, words.count * 2 / 5, 1)
        var best = words.count
        var strength = PassageWords.Break.none
        // Include the break after the last word: a passage that is full at a paragraph's end ends there.
        for count in stride(from: words.count, through: floor, by: -1) where words[count - 1].breakAfter > strength {
            strength = words[count - 1].breakAfter
            best = count
        }
        return best
    }
}

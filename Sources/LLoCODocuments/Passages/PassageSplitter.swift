/// Cuts a text into passages for retrieval: about 180 words at most, and few enough word pieces for an encoder of 256.
///
/// A passage ends at a paragraph where one ends in its last three fifths, else at a sentence, else at a line, else
/// between words; only a word longer than a passage is cut. The passages of a text that grew are those it had, except
/// for the last. Linear time, memory of one passage.
public struct PassageSplitter: Hashable, Sendable {
    /// The most words of a passage.
    public var maximumWords: Int
    /// The most word pieces of a passage, as estimated without the encoder's vocabulary.
    public var maximumPieces: Int
    /// How many words a passage repeats of the one before; 0 unless told.
    public var overlap: Int

    /// A splitter with the given bounds.
    public init(maximumWords: Int = 180, maximumPieces: Int = 220, overlap: Int = 0) {
        self.maximumWords = max(1, maximumWords)
        self.maximumPieces = max(1, maximumPieces)
        self.overlap = max(0, overlap)
    }

    /// The passages of `text` as ranges of its UTF-8 bytes, in order; blanks around them belong to none.
    public func split(_ text: String) -> [Range<Int>] {
        var text = text
        return text.withUTF8 { bytes in
            var passages: [Range<Int>] = []
            var words = PassageWords(bytes)
            var pending: [PassageWords.Word] = []
            var pieces = 0
            // Words at the front of `pending` that the passage before holds already.
            var repeated = 0
            while let word = words.next() {
                while pending.count >= maximumWords || (!pending.isEmpty && pieces + word.pieces > maximumPieces) {
                    let count = breakpoint(pending, atLeast: repeated + 1)
                    passages.append(pending[0].start..<pending[count - 1].end)
                    // At least one word of each passage is new, and so is half of its words.
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

    /// The sentences of a text as ranges of its UTF-8 bytes, in order; blanks between them belong to none.
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

    /// How many of the words make the passage: up to the last strongest break in the last three fifths.
    private func breakpoint(_ words: [PassageWords.Word], atLeast minimum: Int) -> Int {
        let floor = max(minimum, words.count * 2 / 5, 1)
        var best = words.count
        var strength = PassageWords.Break.none
        // The last word's own break counts too: a passage that fills up at a paragraph's end ends there.
        for count in stride(from: words.count, through: floor, by: -1) where words[count - 1].breakAfter > strength {
            strength = words[count - 1].breakAfter
            best = count
        }
        return best
    }
}

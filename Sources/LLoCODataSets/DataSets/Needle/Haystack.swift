import LLoCOBase

/// A filler text of any length that needles are hidden in: truncated after any word, repeated if it is too short.
///
/// A word is a run of non-blank bytes and the blanks after it. A run of more than 40 bytes counts as several words, so
/// that texts in scripts without blanks can be truncated finely too. A place in the text is the number of words before
/// it. Truncating and inserting keep every byte of the text between the words.
package struct Haystack: Sendable {
    /// A sentence to insert.
    package struct Insertion {
        /// Number of haystack words before it.
        package var place: Int
        package var text: String

        package init(place: Int, text: String) {
            self.place = place
            self.text = text
        }
    }

    private static let maximumWordBytes = 40
    /// Words after which a sentence counts as ended even without a full stop, so that any text has boundaries.
    private static let maximumSentenceWords = 60
    /// The limit leaves more than enough of the nine million seven-digit numbers unused.
    private static let maximumNumbers = 1_000_000

    /// One copy of the text and the separator after it.
    private let bytes: [UInt8]
    /// The byte offset where each word ends, including the blanks after it.
    private let wordEnds: [Int]
    /// The places where sentences end, ascending; the last one is the end of the copy.
    private let sentenceEnds: [Int]
    /// Every run of seven digits in the text; a hidden number must not be one of them.
    private let numbers: Set<Int>

    /// Number of words in one copy.
    package var wordCount: Int { wordEnds.count }
    /// Number of sentences in one copy.
    package var sentenceCount: Int { sentenceEnds.count }

    /// Splits a text into words and sentences.
    ///
    /// - Parameter separator: blanks between two copies
    /// - Throws: ``DataGenerationError`` for a text without a word, or with more than a million seven-digit numbers.
    package init(_ text: String, separator: String = "\n\n") throws(DataGenerationError) {
        let all = Array(text.utf8)
        guard let first = all.firstIndex(where: { !Self.isBlank($0) }),
            let last = all.lastIndex(where: { !Self.isBlank($0) })
        else { throw DataGenerationError("the haystack", "contains no word, expected a text") }
        let copy = all[first...last] + Array(separator.utf8)
        var (words, sentences): ([Int], [Int]) = ([], [])
        var index = 0
        let bytes = Array(copy)
        while index < bytes.count {
            let start = index
            Self.skipWord(in: bytes, &index)
            let end = index
            var lines = 0
            while index < bytes.count, Self.isBlank(bytes[index]) {
                if bytes[index] == UInt8(ascii: "\n") { lines += 1 }
                index += 1
            }
            words.append(index)
            let next = index < bytes.count ? bytes[index] : nil
            if lines > 1 || next == nil || words.count - (sentences.last ?? 0) >= Self.maximumSentenceWords
                || Self.endsSentence(bytes[start..<end], blanks: index - end, next: next)
            {
                sentences.append(words.count)
            }
        }
        let numbers = Self.numbers(in: bytes)
        guard numbers.count <= Self.maximumNumbers else {
            throw DataGenerationError(
                "the haystack", "contains \(numbers.count) seven-digit numbers, expected at most 1000000")
        }
        self.bytes = bytes
        wordEnds = words
        sentenceEnds = sentences
        self.numbers = numbers
    }

    /// Whether the text contains this seven-digit number.
    package func holds(_ number: Int) -> Bool { numbers.contains(number) }

    /// The number of words in the first `count` sentences.
    package func words(ofSentences count: Int) -> Int {
        let (copies, rest) = count.quotientAndRemainder(dividingBy: sentenceCount)
        return copies * wordCount + (rest == 0 ? 0 : sentenceEnds[rest - 1])
    }

    /// The sentence boundary nearest to a place; the start and the end of the first `words` words are boundaries too.
    package func boundary(nearest place: Double, ofWords words: Int) -> Int {
        let place = min(max(0, place), Double(words))
        let base = Int(place) / wordCount * wordCount
        // The first sentence end at or after the place; the end of the copy counts as one.
        let end = min(sentenceEnds.partitioningIndex { Double(base + $0) >= place }, sentenceCount - 1)
        let before = end == 0 ? base : base + sentenceEnds[end - 1]
        let after = min(base + sentenceEnds[end], words)
        return place - Double(before) < Double(after) - place ? before : after
    }

    /// The first `words` words with sentences inserted. `insertions` are ascending by place.
    package func text(words: Int, inserting insertions: [Insertion] = []) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(offset(of: words) + insertions.reduce(0) { $0 + $1.text.utf8.count + 2 })
        var place = 0
        for insertion in insertions {
            append(place..<insertion.place, to: &output)
            place = insertion.place
            if let last = output.last, !Self.isBlank(last) { output.append(UInt8(ascii: " ")) }
            output += insertion.text.utf8
            output.append(UInt8(ascii: " "))
        }
        append(place..<words, to: &output)
        while let last = output.last, Self.isBlank(last) { output.removeLast() }
        return String(decoding: output, as: UTF8.self)
    }

    /// The number of bytes before a place.
    private func offset(of place: Int) -> Int {
        let (copies, rest) = place.quotientAndRemainder(dividingBy: wordCount)
        return copies * bytes.count + (rest == 0 ? 0 : wordEnds[rest - 1])
    }

    private func append(_ places: Range<Int>, to output: inout [UInt8]) {
        var start = offset(of: places.lowerBound)
        let end = offset(of: places.upperBound)
        while start < end {
            let within = start % bytes.count
            let count = min(bytes.count - within, end - start)
            output += bytes[within..<(within + count)]
            start += count
        }
    }
}

extension Haystack {
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// Advances `index` from the beginning of a word to its end.
    private static func skipWord(in bytes: [UInt8], _ index: inout Int) {
        let start = index
        while index < bytes.count, !isBlank(bytes[index]) {
            index += 1
            // Keep UTF-8 characters whole.
            if index < bytes.count, bytes[index] & 0xC0 == 0x80 { continue }
            if index - start >= maximumWordBytes || isWideTerminator(bytes[start..<index]) { return }
        }
    }

    /// Whether the bytes end with an ideographic full stop, question mark or exclamation mark.
    private static func isWideTerminator(_ bytes: ArraySlice<UInt8>) -> Bool {
        let last = bytes.suffix(3)
        return last == [0xE3, 0x80, 0x82] || last == [0xEF, 0xBC, 0x81] || last == [0xEF, 0xBC, 0x9F]
    }

    private static func endsSentence(_ word: ArraySlice<UInt8>, blanks: Int, next: UInt8?) -> Bool {
        if isWideTerminator(word) { return true }
        guard blanks > 0 else { return false }
        var word = word
        let closing: [[UInt8]] = ["\"", "'", ")", "]", "\u{201D}", "\u{2019}", "\u{BB}"].map { Array($0.utf8) }
        while let mark = closing.first(where: { word.suffix($0.count) == $0[...] }) { word.removeLast(mark.count) }
        guard let last = word.last, ".!?".utf8.contains(last) else { return false }
        // "e.g. the": the sentence goes on.
        if let next, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(next) { return false }
        // "J. Smith", "Dr. Smith"
        if last == UInt8(ascii: "."), word.count == 2, !(0x30...0x39).contains(word[word.startIndex]) { return false }
        return !["Mr.", "Mrs.", "Ms.", "Dr.", "St.", "Prof."].contains { word.elementsEqual($0.utf8) }
    }

    private static func numbers(in bytes: [UInt8]) -> Set<Int> {
        var numbers: Set<Int> = []
        var (digits, value) = (0, 0)
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else {
                (digits, value) = (0, 0)
                continue
            }
            digits += 1
            value = (value * 10 + Int(byte - 0x30)) % 10_000_000
            if digits >= 7 { numbers.insert(value) }
        }
        return numbers
    }
}

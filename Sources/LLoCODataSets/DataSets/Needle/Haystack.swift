import LLoCOBase

/// A text that something is hidden in, as long as is asked for: cut after any word, repeated where it is too short.
///
/// A word is a run without blanks together with the blanks behind it; a run of more than 40 bytes counts as several,
/// so that no script makes the steps coarse. Places in the text are numbers of words in front of them. Cutting and
/// inserting keep every byte of the text between the words.
package struct Haystack: Sendable {
    /// A sentence to be put in.
    package struct Insertion {
        /// words of the haystack in front of it
        package var place: Int
        package var text: String

        package init(place: Int, text: String) {
            self.place = place
            self.text = text
        }
    }

    private static let longestWord = 40
    /// Words after which a sentence counts as ended, whatever stands there: a text without full stops has places too.
    private static let longestSentence = 60
    /// So many different numbers leave more than enough of the nine million.
    private static let maximumNumbers = 1_000_000

    /// One copy, with what separates it from the next.
    private let bytes: [UInt8]
    /// Where each word ends, the blanks behind it included.
    private let wordEnds: [Int]
    /// The places where sentences end, in order; the last is the end of the copy.
    private let sentenceEnds: [Int]
    /// Every seven digits in a row: a number that is hidden must not be there already.
    private let numbers: Set<Int>

    /// Words of one copy.
    package var wordCount: Int { wordEnds.count }
    /// Sentences of one copy.
    package var sentenceCount: Int { sentenceEnds.count }

    /// - Parameter separator: blanks between two copies
    /// - Throws: ``DataGenerationError`` for a text without a word, or one that is made of numbers.
    package init(_ text: String, separator: String = "\n\n") throws(DataGenerationError) {
        let all = Array(text.utf8)
        guard let first = all.firstIndex(where: { !Self.isBlank($0) }),
            let last = all.lastIndex(where: { !Self.isBlank($0) })
        else { throw DataGenerationError("the haystack", "found no word in it, expected a text") }
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
            if lines > 1 || next == nil || words.count - (sentences.last ?? 0) >= Self.longestSentence
                || Self.endsSentence(bytes[start..<end], blanks: index - end, next: next)
            {
                sentences.append(words.count)
            }
        }
        let numbers = Self.numbers(in: bytes)
        guard numbers.count <= Self.maximumNumbers else {
            throw DataGenerationError(
                "the haystack", "found \(numbers.count) numbers of seven digits in it, expected at most 1000000")
        }
        self.bytes = bytes
        wordEnds = words
        sentenceEnds = sentences
        self.numbers = numbers
    }

    /// Whether the text holds this number of seven digits.
    package func holds(_ number: Int) -> Bool { numbers.contains(number) }

    /// The words of the first `count` sentences.
    package func words(ofSentences count: Int) -> Int {
        let (copies, rest) = count.quotientAndRemainder(dividingBy: sentenceCount)
        return copies * wordCount + (rest == 0 ? 0 : sentenceEnds[rest - 1])
    }

    /// The end of a sentence, the beginning or the end of the first `words` words, whichever is nearest to a place.
    package func boundary(nearest place: Double, ofWords words: Int) -> Int {
        let place = min(max(0, place), Double(words))
        let base = Int(place) / wordCount * wordCount
        // The first end at or behind the place; the copy's own end is one.
        let end = min(sentenceEnds.firstPlace { Double(base + $0) >= place }, sentenceCount - 1)
        let before = end == 0 ? base : base + sentenceEnds[end - 1]
        let after = min(base + sentenceEnds[end], words)
        return place - Double(before) < Double(after) - place ? before : after
    }

    /// The first `words` words with sentences put in, which come in the order of their places.
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

    /// Bytes in front of a place.
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

    /// Moves on to the end of a word that begins at `index`.
    private static func skipWord(in bytes: [UInt8], _ index: inout Int) {
        let start = index
        while index < bytes.count, !isBlank(bytes[index]) {
            index += 1
            // Only whole characters.
            if index < bytes.count, bytes[index] & 0xC0 == 0x80 { continue }
            if index - start >= longestWord || isWideTerminator(bytes[start..<index]) { return }
        }
    }

    /// Whether these bytes end with an ideographic full stop, question or exclamation mark.
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

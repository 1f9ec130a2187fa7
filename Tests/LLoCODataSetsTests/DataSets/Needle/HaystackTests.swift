import LLoCODataSets
import Testing

@Suite struct HaystackTests {
    /// Sentences end at punctuation and paragraph ends, not at initials, titles and abbreviations.
    @Test func sentences() throws {
        let haystack = try Haystack(
            """
            Mr. J. Finch (so he said.) left, e.g. by boat. "Did he?" asked Ada! Nobody knew

            A heading
            and a line. 12 of 3.5 is not much.
            """)
        let ends = (0...haystack.sentenceCount).map { haystack.text(words: haystack.words(ofSentences: $0)) }
        let sentences = zip(ends, ends.dropFirst()).map { $1.dropFirst($0.count).drop { $0.isWhitespace } }
        #expect(
            sentences.map(String.init) == [
                "Mr. J. Finch (so he said.) left, e.g. by boat.", "\"Did he?\" asked Ada!", "Nobody knew",
                "A heading\nand a line.", "12 of 3.5 is not much.",
            ])
    }

    /// Text without blanks or full stops has boundaries, and no character is split.
    @Test func otherScripts() throws {
        let wide = try Haystack(String(repeating: "川は静かに流れる。", count: 50))
        #expect(wide.sentenceCount == 50)
        #expect(wide.text(words: wide.words(ofSentences: 2)) == "川は静かに流れる。川は静かに流れる。")
        let long = String(repeating: "é", count: 1_000)
        let haystack = try Haystack(long)
        #expect(haystack.wordCount == 50)
        for words in 0...50 { #expect(long.hasPrefix(haystack.text(words: words))) }
        let endless = try Haystack(Array(repeating: "word", count: 600).joined(separator: " "))
        #expect(endless.sentenceCount == 10)
    }

    /// Copies follow one another with the separator between them.
    @Test func copies() throws {
        let haystack = try Haystack("  One two. Three.\n", separator: "\n")
        #expect(haystack.wordCount == 3 && haystack.sentenceCount == 2)
        #expect(haystack.text(words: 0) == "")
        #expect(haystack.text(words: 8) == "One two. Three.\nOne two. Three.\nOne two.")
        #expect(haystack.words(ofSentences: 5) == 8)
        #expect(
            haystack.text(
                words: 6,
                inserting: [
                    .init(place: 0, text: "A."), .init(place: 3, text: "B."),
                    .init(place: 3, text: "C."), .init(place: 6, text: "D."),
                ])
                == "A. One two. Three.\nB. C. One two. Three.\nD.")
    }

    /// The nearest boundary agrees with an exhaustive search.
    @Test func boundaries() throws {
        let haystack = try Haystack("One two three four. Five. Six seven. Eight nine ten.")
        let words = 24
        let ends = [0] + (1...12).map { haystack.words(ofSentences: $0) }.filter { $0 <= words } + [words]
        for step in 0...240 {
            let place = Double(step) / 10
            let found = haystack.boundary(nearest: place, ofWords: words)
            let distance = ends.map { abs(Double($0) - place) }.min()
            #expect(ends.contains(found) && abs(Double(found) - place) == distance, "\(place): \(found)")
        }
        #expect(haystack.boundary(nearest: 99, ofWords: words) == words)
    }

    /// The built-in prose is long enough, has no numbers, and a longer text begins with a shorter one.
    @Test func prose() {
        let short = HaystackProse.text(words: 500)
        let long = HaystackProse.text(words: 20_000)
        #expect(long.hasPrefix(short) && short.split(whereSeparator: \.isWhitespace).count >= 500)
        #expect(!long.contains(where: \.isNumber) && !long.contains("{") && !long.contains("  "))
        let sentences = long.components(". ")
        #expect(Double(Set(sentences).count) > 0.9 * Double(sentences.count), "few sentences repeat")
        #expect(sentences.allSatisfy { !$0.contains(" a a") && !$0.contains(" a an ") })
    }

    /// The search finds the largest size that fits, in few steps.
    @Test func lengthFit() throws {
        for room in [100, 1_000, 50_000] {
            var steps = 0
            let found = try LengthFit(room: room).largest(in: 1...1_000_000) { size in
                steps += 1
                return (size, 30 + size * 3 + (size % 7 == 0 ? 2 : 0))
            }
            #expect(found.tokens <= room && found.tokens >= room - max(3, room / 400))
            #expect(steps < 12)
        }
        // The number of tokens grows in steps, with flat stretches.
        let stairs = try LengthFit(room: 10_000).largest(in: 0...100_000) { ($0, $0 / 500 * 700) }
        #expect(stairs.tokens == 9_800)
        let end = try LengthFit(room: 10_000).largest(in: 0...40) { ($0, $0) }
        #expect(end.size == 40)
        let error = #expect(throws: LengthFit.TooLong.self) {
            try LengthFit(room: 10).largest(in: 3...9) { ($0, $0 * 4) }
        }
        #expect(error?.tokens == 12)
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [Substring] { split(separator: separator) }
}

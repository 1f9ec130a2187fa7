import Foundation
import LLoCOBase
import LLoCODocuments
import LLoCOTestSupport
import Testing

@Suite struct DocumentPassageTests {
    /// Random text of many scripts, blanks, line endings, very long words and lone combining marks.
    func randomText(_ generator: inout SplitMix64) -> String {
        let parts = [
            "word", "longer-word", "a", "I", "3.14", "2024", "end.", "Why?", "stop!", "(so)", "\"Quote.\"", "größe",
            "слово",
            "終わり。", "中文字符", "ひらがな", "カタカナ！", "한국어", "🙂", "👩‍👩‍👧", "e\u{301}", "\u{301}", "\u{200D}", "العربية",
        ]
        let gaps = [
            " ", " ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", "\u{A0}", "\u{3000}", "\u{2029}", "",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...900, using: &generator) {
            text += parts.randomElement(using: &generator)!
            if Int.random(in: 0..<60, using: &generator) == 0 {
                text += String(repeating: "xyz🙂", count: Int.random(in: 1...200, using: &generator))
            }
            text += gaps.randomElement(using: &generator)!
        }
        return text
    }

    @Test(arguments: 0..<40) func randomTextHasValidPassages(seed: Int) throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let text = randomText(&generator)
        let bytes = Array(text.utf8)
        for overlap in [0, 20] {
            let splitter = PassageSplitter(overlap: overlap)
            let passages = splitter.split(text)
            #expect(splitter.split(text) == passages)
            var covered = [Bool](repeating: false, count: bytes.count)
            var last = -1
            for passage in passages {
                #expect(passage.lowerBound > last, "each passage begins after the previous one")
                last = passage.lowerBound
                let piece = try #require(String(validating: bytes[passage], as: UTF8.self), "split inside a character")
                let start = text.utf8.index(text.startIndex, offsetBy: passage.lowerBound)
                let end = text.utf8.index(text.startIndex, offsetBy: passage.upperBound)
                #expect(Array(text.utf8[start..<end]) == Array(piece.utf8))
                let words = piece.split { $0.isWhitespace && $0 != "\u{85}" }
                #expect(words.count <= 180)
                #expect(piece.unicodeScalars.count <= 220 * 8, "the piece limit also limits characters")
                #expect(piece.unicodeScalars.first.map { !$0.properties.isWhitespace } == true)
                #expect(piece.unicodeScalars.last.map { !$0.properties.isWhitespace } == true)
                for byte in passage { covered[byte] = true }
            }
            var offset = 0
            for scalar in text.unicodeScalars {
                if !scalar.properties.isWhitespace { #expect(covered[offset], "every word is in a passage") }
                offset += UTF8.width(scalar)
            }
            if overlap == 0 {
                #expect(zip(passages, passages.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
            }
        }
    }

    @Test func emptyAndBlankTextsHaveNoPassages() {
        #expect(PassageSplitter().split("") == [])
        #expect(PassageSplitter().split(" \n\u{3000}\t\r\n") == [])
        #expect(PassageSplitter().split(" a ") == [1..<2])
    }

    @Test func passagesEndAtParagraphsThenSentencesThenLines() {
        let words = (0..<100).map { "word\($0 % 10)" }
        let paragraph = words.joined(separator: " ")
        #expect(
            PassageSplitter().split(paragraph + "\n\n" + paragraph) == [
                0..<paragraph.utf8.count, paragraph.utf8.count + 2..<2 * paragraph.utf8.count + 2,
            ])
        let sentences = paragraph + ". " + paragraph + "."
        #expect(PassageSplitter().split(sentences).first == 0..<paragraph.utf8.count + 1)
        let lines = paragraph + "\n" + paragraph
        #expect(PassageSplitter().split(lines).first == 0..<paragraph.utf8.count)
        // An early paragraph end does not end the passage.
        let title = "Title\n\n" + paragraph + "\n\n" + paragraph
        #expect(PassageSplitter().split(title).first == 0..<paragraph.utf8.count + 7)
    }

    @Test func veryLongWordsAreSplit() {
        let passages = PassageSplitter().split(String(repeating: "a", count: 100_000))
        #expect(passages.count > 10)
        #expect(passages.first?.lowerBound == 0 && passages.last?.upperBound == 100_000)
        #expect(zip(passages, passages.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        let emoji = String(repeating: "👩‍👩‍👧", count: 4000)
        #expect(
            PassageSplitter().split(emoji).allSatisfy {
                String(validating: Array(emoji.utf8)[$0], as: UTF8.self) != nil
            })
    }

    @Test func overlapRepeatsWords() {
        let text = (0..<1000).map { "w\($0)" }.joined(separator: " ")
        let plain = PassageSplitter().split(text)
        let overlapping = PassageSplitter(overlap: 30).split(text)
        #expect(overlapping.count > plain.count)
        for (left, right) in zip(overlapping, overlapping.dropFirst()) {
            let shared = Array(text.utf8)[right.lowerBound..<left.upperBound]
            #expect(String(decoding: shared, as: UTF8.self).split(separator: " ").count == 30)
        }
        #expect(PassageSplitter(maximumWords: 1, overlap: 9).split("a b c") == [0..<1, 2..<3, 4..<5])
    }

    @Test func growingTextKeepsItsPassages() {
        let text = Sample.text("sea", paragraphs: 40)
        let passages = PassageSplitter().split(text)
        let grown = PassageSplitter().split(text + "\n\n" + Sample.text("ice", paragraphs: 9))
        #expect(grown.starts(with: passages.dropLast()))
    }

    @Test func timeIsLinear() {
        let started = ContinuousClock.now
        var count = 0
        for unit in ["a ", "a\n\n", "x", "中", ". ", "\n", "é"] {
            count += PassageSplitter(overlap: 50).split(String(repeating: unit, count: 1_000_000)).count
        }
        #expect(count > 1000)
        #expect(ContinuousClock.now - started < .seconds(60), "quadratic time would take hours")
    }
}

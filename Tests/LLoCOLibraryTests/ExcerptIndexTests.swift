import Foundation
import LLoCOLibrary
import Testing

/// Excerpts that match a question.
@Suite struct ExcerptIndexTests {
    private let texts = [
        (0..<30).map { "In \(1800 + $0) the harbour had \($0) ships and the wind came from the west." }
            .joined(separator: " "),
        "The miller's daughter was called Ottilie. She had a donkey of three legs. It ran faster than any horse.",
    ]

    @Test func theBestPieceContainsTheWords() throws {
        let index = try ExcerptIndex(texts)
        #expect(index.pieces.count > 10)
        for piece in index.pieces {
            let words = index.content(piece).split(separator: " ").count
            #expect(1...28 ~= words)
        }
        func best(_ question: String) throws -> ExcerptIndex.Piece {
            index.pieces[try #require(try index.scores(for: question).max { $0.value < $1.value }).key]
        }
        let donkey = try best("How many legs had the donkeys?")
        #expect(index.content(donkey).contains("three legs") && donkey.text == 1)
        #expect(try index.content(best("What happened in 1817?")).contains("1817"))
        let harbour = try index.scores(for: "harbour")
        #expect(harbour.count == index.pieces.filter { $0.text == 0 }.count && harbour.values.allSatisfy { $0 > 0 })
    }

    /// A piece of mean length that contains each word once scores exactly the words' worth.
    @Test func worthIsTheScoreOfAPieceWithAllWords() throws {
        let words = ["red", "blue", "green", "black", "white", "grey", "brown", "pink"]
        // Pieces of 28 words; each colour occurs in one piece.
        let index = try ExcerptIndex(
            words.map { "\($0) " + Array(repeating: "stone", count: 27).joined(separator: " ") })
        #expect(index.pieces.count == words.count)
        let worth = try index.worth(of: "What is red or violet?")
        #expect(abs(worth - log((8 - 1 + 0.5) / 1.5)) < 1e-9)
        let scores = try index.scores(for: "What is red or violet?")
        let only = try #require(scores[0])
        #expect(scores.count == 1 && abs(only - worth) < 1e-6)
        #expect(try index.frequency(of: "stones") == 8)
        #expect(try index.frequency(of: "violet") == 0)
        #expect(try index.worth(of: "violet") == 0)
    }

    @Test func matchingSentencesAreFound() throws {
        let index = try ExcerptIndex(texts)
        func sentences(_ words: String) throws -> [String] {
            try index.sentences(with: words, limit: 10).map { place, bytes in
                index.content(bytes, of: index.pieces[place].text)
            }
        }
        #expect(try sentences("Ottilie") == ["The miller's daughter was called Ottilie."])
        #expect(try sentences("donkeys, faster") == ["She had a donkey of three legs. It ran faster than any horse."])
        let phrase = try index.sentences(withPhrase: "three-legs", limit: 10)
        let only = try #require(phrase.first)
        #expect(phrase.count == 1 && index.content(only.value, of: 1).hasPrefix("She had"))
        #expect(try index.frequency(of: "legs three") == 0)
        #expect(try sentences("1817") == ["In 1817 the harbour had 17 ships and the wind came from the west."])
        #expect(try sentences("violet").isEmpty)
        #expect(try sentences("").isEmpty)
        // A sentence extends beyond a piece that ends in the middle of it. Mark bytes in the text itself are ignored.
        let cut = try ExcerptIndex([
            "A start. " + (0..<30).map { "word\($0)" }.joined(separator: " ") + " \u{2}donkey\u{2} lives here. An end."
        ])
        let found = try cut.sentences(with: "donkey", limit: 10).map { cut.content($0.value, of: 0) }
        #expect(found.count == 1 && found[0].hasPrefix("word0") && found[0].hasSuffix("lives here."))
    }

    @Test func piecesCoverTheirText() throws {
        let index = try ExcerptIndex(texts)
        for (text, content) in texts.enumerated() {
            let bytes = Array(content.utf8)
            let covered = index.pieces.filter { $0.text == text }.map(\.bytes)
            #expect(covered.first?.lowerBound == 0 && covered.last?.upperBound == bytes.count)
            for (one, next) in zip(covered, covered.dropFirst()) {
                #expect(bytes[one.upperBound..<next.lowerBound].allSatisfy { $0 == 0x20 })
            }
        }
    }

    @Test(arguments: ["", "?!", "\" OR x NEAR(", "*", "\u{0}", "NOT donkey^2", "東 京"])
    func anyQuestionIsAccepted(_ question: String) throws {
        for index in [try ExcerptIndex(texts), try ExcerptIndex([""])] {
            let scores = try index.scores(for: question)
            #expect(scores.keys.allSatisfy(index.pieces.indices.contains) && scores.values.allSatisfy(\.isFinite))
            #expect(try index.sentences(with: question, limit: 10).count <= scores.count)
            #expect(try index.worth(of: question).isFinite)
        }
    }
}

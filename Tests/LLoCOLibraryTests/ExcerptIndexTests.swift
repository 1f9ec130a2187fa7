import LLoCOLibrary
import Testing

/// Pieces of text by a question's words.
@Suite struct ExcerptIndexTests {
    private let texts = [
        (0..<30).map { "In \(1800 + $0) the harbour had \($0) ships and the wind came from the west." }
            .joined(separator: " "),
        "The miller's daughter was called Ottilie. She had a donkey of three legs. It ran faster than any horse.",
    ]

    @Test func thePieceThatHasTheWords() throws {
        let index = try ExcerptIndex(texts)
        #expect(index.pieces.count > 10)
        for piece in index.pieces {
            let words = index.content(piece).split(separator: " ").count
            #expect(1...28 ~= words)
        }
        let donkey = try index.ranked(for: "How many legs had the donkeys?", limit: 5)
        #expect(index.content(index.pieces[donkey[0]]).contains("three legs"))
        #expect(index.pieces[donkey[0]].text == 1)
        let year = try index.ranked(for: "What happened in 1817?", limit: 3)
        #expect(index.content(index.pieces[year[0]]).contains("1817"))
        #expect(try index.ranked(for: "harbour", limit: 3).count == 3)
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
    func anyQuestion(_ question: String) throws {
        #expect(try ExcerptIndex(texts).ranked(for: question, limit: 10).count <= 10)
        #expect(try ExcerptIndex([""]).ranked(for: question, limit: 10) == [])
    }
}

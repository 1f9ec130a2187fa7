import LLoCOTokenizers
import Testing

@Suite struct OffsetTests {
    static let names = ReferenceTests.jsonNames + ["llama2", "squeezed", "vocab"]

    @Test(arguments: names) func offsetsMatchTheIDs(name: String) throws {
        let tokenizer = try Expected.tokenizer(name)
        for text in try Expected.load().strings {
            for special in [SpecialTokens.parsed, .asText] {
                let tokens = tokenizer.encodeWithOffsets(text, special: special)
                #expect(tokens.map(\.id) == tokenizer.encode(text, special: special))
                var end = 0
                for token in tokens {
                    let name = text.debugDescription
                    #expect(token.range.lowerBound >= 0 && token.range.upperBound <= text.utf8.count, "\(name)")
                    // In WordPiece, one character may become several words, which share its range.
                    #expect(token.range.lowerBound >= end || tokenizer is WordPieceTokenizer, "\(name)")
                    end = token.range.upperBound
                }
            }
        }
    }

    @Test(arguments: ["smollm", "llama3"]) func byteLevelTokensCoverTheirBytes(name: String) throws {
        let tokenizer = try Expected.tokenizer(name)
        for text in try Expected.load().strings {
            let bytes = Array(text.utf8)
            let tokens = tokenizer.encodeWithOffsets(text, special: .asText)
            #expect(tokens.first?.range.lowerBound ?? 0 == 0)
            #expect(tokens.last?.range.upperBound ?? 0 == bytes.count)
            for token in tokens where !tokenizer.bytes(of: token.id).elementsEqual("spaced".utf8) {
                #expect(tokenizer.bytes(of: token.id) == Array(bytes[token.range]))
            }
        }
    }

    @Test func sentencePieceTokensCoverTheirBytes() throws {
        let tokenizer = try Expected.tokenizer("llama2")
        let text = "the  reading 東京 é"
        let bytes = Array(text.utf8)
        let tokens = tokenizer.encodeWithOffsets(text, special: .asText)
        // The dummy prefix space is not part of the text.
        for (index, token) in tokens.enumerated() {
            let piece = tokenizer.bytes(of: token.id)
            #expect(Array(bytes[token.range]) == (index == 0 ? Array(piece.dropFirst()) : piece))
        }
        #expect(tokens.last?.range.upperBound == bytes.count)
    }

    @Test func composedCharactersMapToTheirSource() throws {
        let tokenizer = try Expected.tokenizer("qwen2")
        let text = "x e\u{301} y"
        let tokens = tokenizer.encodeWithOffsets(text, special: .asText)
        let accented = tokens.filter { $0.range.overlaps(2..<5) }
        #expect(!accented.isEmpty)
        #expect(accented.allSatisfy { $0.range.lowerBound >= 1 && $0.range.upperBound <= 5 })
        #expect(tokens.last?.range.upperBound == text.utf8.count)
    }

    @Test func wordPieceTokensCoverTheirLetters() throws {
        let tokenizer = try Expected.tokenizer("uncased")
        let text = "The CAFÉ, reading"
        let bytes = Array(text.utf8)
        let words = tokenizer.encodeWithOffsets(text, special: .asText).map {
            String(decoding: bytes[$0.range], as: UTF8.self)
        }
        #expect(words.joined() == "TheCAFÉ,reading")
    }
}

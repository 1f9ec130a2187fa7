import Foundation
import LLoCOTokenizers
import Testing

/// Ids and text of small tokenizers of every kind, compared with the reference implementations.
@Suite struct ReferenceTests {
    static let jsonNames = [
        "gpt2", "smollm", "llama3", "qwen2", "llama2-prepend", "llama2-metaspace", "uncased", "cased",
    ]

    @Test(arguments: jsonNames) func idsWithSpecialTokensParsed(name: String) throws {
        let expected = try Expected.load()
        let tokenizer = try Expected.tokenizer(name)
        let reference = try #require(expected.parsed[name])
        for (text, ids) in zip(expected.strings, reference) {
            #expect(tokenizer.encode(text, special: .parsed) == ids, "\(text.debugDescription)")
        }
    }

    @Test(arguments: jsonNames) func idsWithSpecialTokensAsText(name: String) throws {
        let expected = try Expected.load()
        let tokenizer = try Expected.tokenizer(name)
        let reference = try #require(expected.parsed[name])
        let different = try #require(expected.asText[name])
        #expect(!different.isEmpty)
        for (index, text) in expected.strings.enumerated() {
            let ids = different["\(index)"] ?? reference[index]
            #expect(tokenizer.encode(text, special: .asText) == ids, "\(text.debugDescription)")
        }
    }

    @Test(arguments: ["llama2", "squeezed"]) func sentencePieceIDs(name: String) throws {
        let expected = try Expected.load()
        let tokenizer = try Expected.tokenizer(name)
        let reference = try #require(expected.parsed[name])
        for (text, ids) in zip(expected.strings, reference) {
            #expect(tokenizer.encode(text, special: .asText) == ids, "\(text.debugDescription)")
        }
    }

    @Test(arguments: jsonNames + ["llama2", "squeezed"]) func decodedText(name: String) throws {
        let expected = try Expected.load()
        let tokenizer = try Expected.tokenizer(name)
        let reference = try #require(expected.parsed[name])
        let different = try #require(expected.decoded[name])
        for (index, text) in expected.strings.enumerated() {
            // With whitespace removal, SentencePiece drops more than one leading space symbol.
            if name == "squeezed", text.hasPrefix("\u{2581}") { continue }
            let decoded = tokenizer.decode(reference[index], skippingSpecial: true)
            #expect(decoded.hasSameBytes(as: different["\(index)"] ?? text), "\(text.debugDescription)")
        }
    }

    @Test func vocabularyFileEqualsJSON() throws {
        let expected = try Expected.load()
        let tokenizer = try Expected.tokenizer("vocab")
        let reference = try #require(expected.parsed["uncased"])
        for (text, ids) in zip(expected.strings, reference) {
            #expect(tokenizer.encode(text, special: .parsed) == ids, "\(text.debugDescription)")
        }
    }
}

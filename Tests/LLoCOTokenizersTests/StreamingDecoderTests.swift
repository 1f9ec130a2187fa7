import LLoCOTokenizers
import Testing

@Suite struct StreamingDecoderTests {
    @Test(arguments: ["gpt2", "smollm", "llama3", "qwen2", "llama2", "llama2-prepend", "llama2-metaspace"])
    func partsJoinToTheWholeText(name: String) throws {
        let tokenizer = try Expected.tokenizer(name)
        for text in try Expected.load().strings {
            let ids = tokenizer.encode(text, special: .asText)
            var decoder = StreamingDecoder(tokenizer)
            var joined = ""
            for id in ids {
                let part = decoder.append(id)
                #expect(!part.unicodeScalars.contains("\u{FFFD}") || text.contains("\u{FFFD}"))
                joined += part
            }
            joined += decoder.finish()
            #expect(joined.hasSameBytes(as: tokenizer.decode(ids, skippingSpecial: true)))
        }
    }

    @Test(arguments: ["smollm", "llama2"]) func charactersAreNeverSplit(name: String) throws {
        let tokenizer = try Expected.tokenizer(name)
        // Neither vocabulary contains this character, so it is encoded byte by byte.
        let ids = tokenizer.encode("x🦀y", special: .asText)
        var decoder = StreamingDecoder(tokenizer)
        let parts = ids.map { decoder.append($0) }
        #expect(parts.contains("🦀"))
        #expect(parts.contains(""))
        #expect(decoder.finish().isEmpty)
    }

    @Test func streamingMatchesDecodingForAllByteSequences() throws {
        let tokenizer = try Expected.tokenizer("llama2")
        let bytes: [UInt8] = [0x41, 0x80, 0xC1, 0xC3, 0xA9, 0xE0, 0x9F, 0xA0, 0xED, 0xF0, 0x90, 0x8F, 0xF4, 0xF5, 0xFF]
        let ids = try bytes.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return try #require(tokenizer.id(of: "<0x\(digits)>"))
        }
        for first in ids {
            for second in ids {
                for third in ids {
                    let short = [first, second, third]
                    for sequence in [short, short + [ids[3]], [ids[9]] + short] {
                        var decoder = StreamingDecoder(tokenizer)
                        let joined = sequence.map { decoder.append($0) }.joined() + decoder.finish()
                        #expect(joined.hasSameBytes(as: tokenizer.decode(sequence, skippingSpecial: true)))
                    }
                }
            }
        }
    }

    @Test func incompleteCharactersAreReplacedAtTheEnd() throws {
        let tokenizer = try Expected.tokenizer("smollm")
        let ids = tokenizer.encode("a🦀", special: .asText)
        var decoder = StreamingDecoder(tokenizer)
        #expect(ids.dropLast().map { decoder.append($0) }.joined() == "a")
        #expect(decoder.finish() == "\u{FFFD}")
        #expect(decoder.finish().isEmpty)
    }

    @Test func leadingSpaceOfAContinuationIsKept() throws {
        let tokenizer = try Expected.tokenizer("llama2")
        let ids = tokenizer.encode("the", special: .asText)
        var atStart = StreamingDecoder(tokenizer)
        var continued = StreamingDecoder(tokenizer, startsText: false)
        #expect(ids.map { atStart.append($0) }.joined() + atStart.finish() == "the")
        #expect(ids.map { continued.append($0) }.joined() + continued.finish() == " the")
    }

    @Test func idsOutsideTheVocabularyAreSkipped() throws {
        for name in OffsetTests.names {
            let tokenizer = try Expected.tokenizer(name)
            for id in [-1, .min, .max, tokenizer.vocabularySize] {
                #expect(tokenizer.bytes(of: id).isEmpty)
                #expect(tokenizer.decode([id], skippingSpecial: false).isEmpty)
            }
        }
    }

    @Test func specialTokensAreSpelledOrSkipped() throws {
        let tokenizer = try Expected.tokenizer("llama3")
        let ids = tokenizer.encode("<|begin|>a<|end|>", special: .parsed)
        #expect(ids.count == 3)
        #expect(tokenizer.decode(ids, skippingSpecial: true) == "a")
        #expect(tokenizer.decode(ids, skippingSpecial: false) == "<|begin|>a<|end|>")
    }
}

import LLoCOTokenizers
import Testing

@Suite struct GGUFVocabularyTests {
    /// The vocabulary of a fixture in the form of GGUF metadata, and the fixture's tokenizer.
    private static func sentencePiece() throws -> (GGUFVocabulary, any Tokenizer) {
        let reference = try Expected.tokenizer("llama2")
        // The scores of SentencePiece BPE pieces decrease with their ids, after the three markers and 256 bytes.
        var vocabulary = GGUFVocabulary(model: "llama", tokens: [], location: "test.gguf")
        for id in 0..<reference.vocabularySize {
            var text = String(decoding: reference.bytes(of: id), as: UTF8.self).replacing(" ", with: "\u{2581}")
            switch id {
            case 0: text = "<unk>"
            case 3..<259:
                let digits = String(id - 3, radix: 16, uppercase: true)
                text = "<0x" + (id - 3 < 16 ? "0" : "") + digits + ">"
            default: break
            }
            vocabulary.tokens.append(text)
            vocabulary.scores.append(id < 259 ? 0 : Float(259 - id))
            vocabulary.tokenTypes.append(id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)
        }
        vocabulary.beginningOfText = 1
        vocabulary.endOfText = 2
        return (vocabulary, reference)
    }

    @Test func sentencePieceEqualsItsModelFile() throws {
        let (vocabulary, reference) = try Self.sentencePiece()
        let tokenizer = try TokenizerLoader.load(gguf: vocabulary)
        #expect(tokenizer.addsBeginningOfText)
        for text in try Expected.load().strings {
            let ids = reference.encode(text, special: .parsed)
            #expect(tokenizer.encode(text, special: .parsed) == ids, "\(text.debugDescription)")
            #expect(tokenizer.decode(ids, skippingSpecial: true) == reference.decode(ids, skippingSpecial: true))
        }
    }

    @Test func wordPieceEqualsItsVocabularyFile() throws {
        let reference = try Expected.tokenizer("vocab")
        var vocabulary = GGUFVocabulary(model: "bert", tokens: [], location: "test.gguf")
        for id in 0..<reference.vocabularySize {
            let bytes = reference.bytes(of: id)
            let isWord = bytes.first == UInt8(ascii: " ")
            let text = String(decoding: isWord ? bytes.dropFirst() : bytes[...], as: UTF8.self)
            vocabulary.tokens.append(isWord && id >= 5 ? "\u{2581}" + text : text)
            vocabulary.tokenTypes.append(id < 5 ? 3 : 1)
        }
        let tokenizer = try TokenizerLoader.load(gguf: vocabulary)
        for text in try Expected.load().strings {
            let ids = reference.encode(text, special: .parsed)
            #expect(tokenizer.encode(text, special: .parsed) == ids, "\(text.debugDescription)")
        }
        let input = try #require(tokenizer as? WordPieceTokenizer).encodeForEmbedding("the the the the", maxTokens: 4)
        let the = try #require(tokenizer.id(of: "the"))
        #expect(input.ids == [2, the, the, 3])
        #expect(input.omittedTokens == 2)
    }

    @Test func inconsistentVocabulariesAreRefused() throws {
        let (valid, _) = try Self.sentencePiece()
        func failure(_ change: (inout GGUFVocabulary) -> Void) throws -> TokenizerError {
            var vocabulary = valid
            change(&vocabulary)
            return try #require(throws: TokenizerError.self) { try TokenizerLoader.load(gguf: vocabulary) }
        }
        #expect(try failure { $0.model = "rwkv" }.description.contains("'rwkv'"))
        #expect(try failure { $0.tokens = [] }.description.contains("tokens"))
        #expect(try failure { $0.scores.removeLast() }.description.contains("scores"))
        #expect(try failure { $0.scores = [] }.description.contains("scores"))
        #expect(try failure { $0.scores[300] = .nan }.description.contains("not a number"))
        #expect(try failure { $0.tokenTypes.removeLast() }.description.contains("token_type"))
        #expect(try failure { $0.endOfText = valid.tokens.count }.description.contains("eos_token_id"))
        #expect(try failure { $0.beginningOfText = -7 }.description.contains("bos_token_id"))
        #expect(try failure { $0.tokens[10] = "<0xZZ>" }.description.contains("<0xZZ>"))
        #expect(try failure { $0.tokenTypes[10] = 1 }.description.contains("byte 7"))
        let unknownPre = try failure { ($0.model, $0.pre) = ("gpt2", "never-heard") }
        #expect(unknownPre.description.contains("'never-heard'"))
        let unknownMerge = try failure { ($0.model, $0.merges) = ("gpt2", ["a zzz"]) }
        #expect(unknownMerge.description.contains("'zzz'"))
        #expect(try failure { $0.model = "bert" }.description.contains("[UNK]"))
    }
}

import Foundation
import LLoCOTestSupport
import LLoCOTokenizers
import Testing

/// Ids of the default models and of a larger SentencePiece model, if these models are installed.
@Suite struct TokenizerGoldenTests {
    private struct Sentence: Decodable {
        let text: String
        let ids: [Int]
        let decoded: String
    }

    @Test(
        .enabled(
            if: TestFiles.hasDefaultGolden,
            "the default models or their reference values are not here: see Fixtures/README.md, LLOCO_GOLDEN"))
    func smolLM2() throws {
        let golden = try DefaultModelValues(in: TestFiles.golden)
        let vocabulary = try GGUFMetadata(try #require(TestFiles.languageModel)).vocabulary
        let tokenizer = try TokenizerLoader.load(gguf: vocabulary)
        #expect(tokenizer.vocabularySize == vocabulary.tokens.count)
        #expect(!golden.tokens.isEmpty && !golden.greedy.isEmpty)
        for expected in golden.tokens {
            #expect(tokenizer.encode(expected.text, special: .parsed) == expected.ids, "\(expected.text)")
            #expect(tokenizer.decode(expected.ids, skippingSpecial: false).hasSameBytes(as: expected.text))
        }
        for expected in golden.greedy {
            #expect(tokenizer.decode(expected.ids, skippingSpecial: false) == expected.text)
        }
    }

    @Test(.enabled(if: TestFiles.languageModel != nil, "the default models are not here: run Scripts/bootstrap"))
    func smolLM2Roles() throws {
        let tokenizer = try TokenizerLoader.load(gguf: GGUFMetadata(try #require(TestFiles.languageModel)).vocabulary)
        #expect(tokenizer.beginningOfText == tokenizer.id(of: "<|im_start|>"))
        #expect(tokenizer.endOfText == tokenizer.id(of: "<|im_end|>"))
        #expect(tokenizer.endTokens == Set(["<|im_end|>", "<|endoftext|>"].compactMap(tokenizer.id)))
        #expect(!tokenizer.addsBeginningOfText)

        let template = try ChatTemplate(recognizing: try #require(tokenizer.chatTemplate), tokenizer: tokenizer)
        let prompt = try template.render([ChatMessage(.user, "Hi")], addGenerationPrompt: true)
        let system = try #require(template.defaultSystemMessage)
        #expect(system.hasPrefix("You are a helpful AI assistant named SmolLM"))
        #expect(
            prompt
                == "<|im_start|>system\n\(system)<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    }

    @Test(
        .enabled(
            if: TestFiles.hasDefaultGolden,
            "the default models or their reference values are not here: see Fixtures/README.md, LLOCO_GOLDEN"))
    func miniLM() throws {
        let golden = try DefaultModelValues(in: TestFiles.golden)
        let folder = try #require(TestFiles.encoder)
        let tokenizer = try #require(try TokenizerLoader.load(folder: folder) as? WordPieceTokenizer)
        #expect(!golden.embeddings.isEmpty)
        for expected in golden.embeddings {
            #expect(tokenizer.encodeForEmbedding(expected.text, maxTokens: 256).ids == expected.ids)
        }
        let vocabulary = try Data(contentsOf: folder.appending(path: "vocab.txt"))
        try TokenizerFiles.withFolder(["vocab.txt": vocabulary]) { folder in
            let other = try TokenizerLoader.load(folder: folder)
            for expected in golden.embeddings {
                let ids = other.encode(expected.text, special: .parsed)
                #expect(ids.prefix(254) == expected.ids.dropFirst().dropLast())
            }
        }
    }

    @Test(.enabled(if: TestFiles.hasGolden, "no reference values: see Fixtures/README.md, LLOCO_GOLDEN"))
    func sentencePiece() throws {
        let folder = TestFiles.golden
        let golden = try TokenizerFiles.decode([Sentence].self, from: folder.appending(path: "sentencepiece.json"))
        let tokenizer = try TokenizerLoader.load(folder: folder)
        #expect(tokenizer is SentencePieceTokenizer)
        #expect(!golden.isEmpty)
        for expected in golden {
            #expect(tokenizer.encode(expected.text, special: .asText) == expected.ids, "\(expected.text)")
            #expect(tokenizer.decode(expected.ids, skippingSpecial: true).hasSameBytes(as: expected.decoded))
        }
    }
}

import Foundation
import LLoCOTestSupport
import LLoCOTokenizers
import Logging
import Synchronization
import Testing

/// Tokenizers of current model families from `tokenizer.json` and GGUF metadata, compared with Hugging Face's.
@Suite struct FamilyTokenizerTests {
    static let names = ["tekken", "gpt-4o", "tiktoken", "granite", "gemma"]

    private static func expected() throws -> Expected {
        try TokenizerFiles.decode(Expected.self, from: TestFiles.tokenizers.appending(path: "families.json"))
    }

    @Test(arguments: names) func idsAndTextMatchTheReference(name: String) throws {
        let expected = try Self.expected()
        let tokenizer = try Expected.tokenizer(name)
        let reference = try #require(expected.parsed[name])
        let asText = try #require(expected.asText[name])
        let decoded = try #require(expected.decoded[name])
        for (index, text) in expected.strings.enumerated() {
            let ids = reference[index]
            #expect(tokenizer.encode(text, special: .parsed) == ids, "\(text.debugDescription)")
            #expect(tokenizer.encode(text, special: .asText) == asText["\(index)"] ?? ids, "\(text.debugDescription)")
            #expect(
                tokenizer.decode(ids, skippingSpecial: true).hasSameBytes(as: decoded["\(index)"] ?? text),
                "\(text.debugDescription)")
        }
    }

    /// Each fixture, with names of pre-tokenizers that use its expression.
    @Test(arguments: [
        ("tekken", ["tekken"]), ("gpt-4o", ["gpt-4o", "llama4"]),
        ("tiktoken", ["dbrx", "smaug-bpe", "llama-bpe", "falcon3"]),
        ("granite", ["refact", "starcoder", "smollm"]), ("llama3", ["llama-bpe", "llama3"]),
        ("qwen2", ["qwen2", "megrez", "deepseek-r1-qwen"]),
    ])
    func preTokenizerNamesSelectTheExpression(fixture: String, names: [String]) throws {
        let reference = try Expected.tokenizer(fixture)
        var vocabulary = try FixtureVocabulary(fixture).gguf
        // Qwen's fixture normalizes to NFC first; GGUF files have no key for that.
        let strings = try Self.expected().strings.filter {
            fixture != "qwen2" || $0.precomposedStringWithCanonicalMapping.hasSameBytes(as: $0)
        }
        for name in names {
            vocabulary.pre = name
            let tokenizer = try TokenizerLoader.load(gguf: vocabulary)
            for text in strings {
                #expect(
                    tokenizer.encode(text, special: .asText) == reference.encode(text, special: .asText),
                    "\(name) \(text.debugDescription)")
            }
            let addsBeginning = ["llama-bpe", "llama3", "falcon3", "tekken"].contains(name)
            #expect(tokenizer.addsBeginningOfText == addsBeginning, "\(name)")
        }
    }

    /// A file without `tokenizer.ggml.pre` is recognised by a token of its vocabulary.
    @Test(arguments: [
        ("qwen2", "<|endoftext|>", 151_643), ("llama-bpe", "<|begin_of_text|>", 128_000),
        ("smaug-bpe", "<|im_start|>", 128_011), ("gpt-4o", "<|endoftext|>", 199_999),
        ("dbrx", "<|endoftext|>", 100_257), ("dbrx", "<|end_of_text|>", 100_257), ("gpt-2", "<|endoftext|>", 50_256),
    ])
    func vocabulariesIdentifyTheirPreTokenizer(name: String, token: String, id: Int) throws {
        var vocabulary = try FixtureVocabulary("tiktoken").gguf
        for other in vocabulary.tokens.count...id {
            vocabulary.tokens.append(other == id ? token : "<|other \(other)|>")
            vocabulary.tokenTypes.append(3)
        }
        let strings = try Self.expected().strings
        var named = vocabulary
        named.pre = name
        let reference = try TokenizerLoader.load(gguf: named)
        for pre in [nil, "default"] {
            vocabulary.pre = pre
            let log = MemoryLog()
            let tokenizer = try TokenizerLoader.load(gguf: vocabulary, logger: log.logger)
            #expect(log.messages == [])
            for text in strings {
                #expect(tokenizer.encode(text, special: .asText) == reference.encode(text, special: .asText))
            }
            #expect(tokenizer.addsBeginningOfText == reference.addsBeginningOfText)
        }
    }

    @Test func unknownVocabulariesUseGPT2WithAWarning() throws {
        var vocabulary = try FixtureVocabulary("tiktoken").gguf
        vocabulary.pre = "gpt-2"
        let reference = try TokenizerLoader.load(gguf: vocabulary)
        vocabulary.pre = nil
        let log = MemoryLog()
        let tokenizer = try TokenizerLoader.load(gguf: vocabulary, logger: log.logger)
        #expect(log.messages.count == 1)
        let message = try #require(log.messages.first)
        #expect(message.contains("test.gguf") && message.contains("tokenizer.ggml.pre"), "\(message)")
        #expect(!message.contains("\n"))
        for text in try Self.expected().strings {
            #expect(tokenizer.encode(text, special: .asText) == reference.encode(text, special: .asText))
        }
    }

    /// Gemma's vocabulary as in its GGUF files: no dummy prefix space, and runs of spaces as user-defined tokens.
    @Test func gemmaHasNoPrefixSpace() throws {
        var vocabulary = GGUFVocabulary(
            model: "llama", tokens: ["<pad>", "<eos>", "<bos>", "<unk>"], location: "test.gguf")
        vocabulary.tokenTypes = [3, 3, 3, 2]
        vocabulary.scores = [0, 0, 0, 0]
        func add(_ text: String, _ score: Float, _ type: Int) {
            vocabulary.tokens.append(text)
            vocabulary.scores.append(score)
            vocabulary.tokenTypes.append(type)
        }
        for byte in 0..<256 {
            add("<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">", 0, 6)
        }
        for text in ["  ", "   ", "\n\n"] { add(text, 0, 4) }
        for (index, text) in ["\u{2581}a", "ab", "\u{2581}", "a", "b", "\n"].enumerated() {
            add(text, -Float(index), 1)
        }
        vocabulary.addsSpacePrefix = false
        vocabulary.beginningOfText = 2
        let tokenizer = try TokenizerLoader.load(gguf: vocabulary)
        func spelled(_ text: String) -> [String] {
            tokenizer.encode(text, special: .asText).map { vocabulary.tokens[$0] }
        }
        #expect(tokenizer.addsBeginningOfText)
        #expect(spelled("ab") == ["ab"])
        #expect(spelled("a ab") == ["a", "\u{2581}a", "b"])
        #expect(spelled("a   b") == ["a", "   ", "b"])
        #expect(spelled("a    \n\nb") == ["a", "   ", "\u{2581}", "\n\n", "b"])
        #expect(spelled("é") == ["<0xC3>", "<0xA9>"])
        for text in ["ab", " ab", "a   b\n\n\n", "é 東"] {
            #expect(tokenizer.decode(tokenizer.encode(text, special: .asText), skippingSpecial: true) == text)
        }
    }

    /// Phi-3's special tokens strip the white space after them; its GGUF files have no key for that.
    @Test func phi3StripsWhitespaceAfterItsMarkers() throws {
        var vocabulary = GGUFVocabulary(model: "llama", tokens: ["<unk>", "<s>", "</s>"], location: "test.gguf")
        for id in 3..<32_011 {
            switch id {
            case 3..<259:
                vocabulary.tokens.append(
                    "<0x" + (id < 19 ? "0" : "") + String(id - 3, radix: 16, uppercase: true) + ">")
            case 32_000: vocabulary.tokens.append("<|endoftext|>")
            case 32_001: vocabulary.tokens.append("<|assistant|>")
            case 32_007: vocabulary.tokens.append("<|end|>")
            case 32_010: vocabulary.tokens.append("<|user|>")
            default: vocabulary.tokens.append("word\(id)")
            }
        }
        let markers: Set = [1, 2, 32_000, 32_001, 32_007, 32_010]
        vocabulary.tokenTypes = vocabulary.tokens.indices.map {
            $0 == 0 ? 2 : markers.contains($0) ? 3 : (3..<259).contains($0) ? 6 : 1
        }
        vocabulary.scores = vocabulary.tokens.indices.map { -Float($0) }
        vocabulary.addsSpacePrefix = false
        let tokenizer = try TokenizerLoader.load(gguf: vocabulary)
        #expect(
            tokenizer.encode("<|user|>\n \n<|end|>\n<|assistant|>\n", special: .parsed) == [32_010, 32_007, 32_001])
        #expect(tokenizer.encode("<|endoftext|>\n", special: .parsed) == [32_000, 3 + 10])
    }
}

/// A fixture's vocabulary in the form of GGUF metadata.
private struct FixtureVocabulary: Decodable {
    struct Model: Decodable {
        let vocab: [String: Int]
        let merges: [[String]]
    }
    struct Added: Decodable {
        let id: Int
        let content: String
        let special: Bool
    }
    let model: Model
    let added: [Added]

    enum CodingKeys: String, CodingKey {
        case model
        case added = "added_tokens"
    }

    init(_ name: String) throws {
        let file = TestFiles.tokenizers.appending(path: name).appending(path: "tokenizer.json")
        self = try TokenizerFiles.decode(Self.self, from: file)
    }

    var gguf: GGUFVocabulary {
        let count = (model.vocab.values + added.map(\.id)).max().map { $0 + 1 } ?? 0
        var vocabulary = GGUFVocabulary(
            model: "gpt2", tokens: [String](repeating: "", count: count), location: "test.gguf")
        vocabulary.tokenTypes = [Int](repeating: 1, count: count)
        for (token, id) in model.vocab { vocabulary.tokens[id] = token }
        for token in added {
            vocabulary.tokens[token.id] = token.content
            vocabulary.tokenTypes[token.id] = token.special ? 3 : 4
        }
        vocabulary.merges = model.merges.map { $0.joined(separator: " ") }
        vocabulary.beginningOfText = added.first { $0.content == "<|begin|>" }?.id
        return vocabulary
    }
}

/// Collects log messages in memory.
private final class MemoryLog: Sendable {
    private let storage = Mutex<[String]>([])

    var messages: [String] { storage.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: MemoryLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.storage.withLock { $0.append("\(event.message)") }
        }
    }
}

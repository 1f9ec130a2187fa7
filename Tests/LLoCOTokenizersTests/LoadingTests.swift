import Foundation
import LLoCOTestSupport
import LLoCOTokenizers
import Testing

/// The files next to a vocabulary, and the refusal of malformed files.
@Suite struct LoadingTests {
    private static func fixture(_ name: String, _ file: String = "tokenizer.json") throws -> Data {
        try Data(contentsOf: TestFiles.tokenizers.appending(path: name).appending(path: file))
    }

    /// The Hugging Face cache consists of links.
    @Test func filesMayBeLinks() throws {
        let folder = try TemporaryFolder()
        let fixture = TestFiles.tokenizers.appending(path: "smollm")
        for name in try FileManager.default.contentsOfDirectory(atPath: fixture.path) {
            try folder.write("blobs/\(name)", Data(contentsOf: fixture.appending(path: name)))
            try FileManager.default.createDirectory(
                at: folder.url.appending(path: "snapshot"), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("snapshot/\(name)"), withDestinationPath: "../blobs/\(name)")
        }
        let linked = try TokenizerLoader.load(folder: folder.url.appending(path: "snapshot"))
        let text = "A river rose in 1897."
        #expect(
            linked.encode(text, special: .asText)
                == (try TokenizerLoader.load(folder: fixture)).encode(text, special: .asText))
    }

    @Test func rolesAreReadFromAFolder() throws {
        let llama3 = try Expected.tokenizer("llama3")
        #expect(llama3.beginningOfText == llama3.id(of: "<|begin|>"))
        #expect(llama3.endOfText == llama3.id(of: "<|end|>"))
        #expect(llama3.endTokens == Set([llama3.id(of: "<|end|>")].compactMap { $0 }))
        #expect(llama3.addsBeginningOfText)
        #expect(llama3.chatTemplate == "{{ bos_token }}")

        let smollm = try Expected.tokenizer("smollm")
        #expect(smollm.beginningOfText == smollm.id(of: "<|begin|>"))
        #expect(!smollm.addsBeginningOfText)

        let llama2 = try Expected.tokenizer("llama2")
        #expect(llama2.beginningOfText == 1 && llama2.endOfText == 2 && llama2.addsBeginningOfText)
        #expect(llama2.isSpecial(1) && !llama2.isSpecial(300))
    }

    @Test func filesNextToTheVocabularyAreRead() throws {
        let files = [
            "tokenizer.json": try Self.fixture("smollm"),
            "tokenizer_config.json": Data(#"{"add_bos_token": true, "chat_template": "old"}"#.utf8),
            "special_tokens_map.json": Data(
                #"{"bos_token": {"content": "<|begin|>"}, "eos_token": "<|end|>"}"#.utf8),
            "generation_config.json": Data(#"{"eos_token_id": [3, 5, 100000000]}"#.utf8),
            "chat_template.jinja": Data("new".utf8),
        ]
        try TokenizerFiles.withFolder(files) { folder in
            let tokenizer = try TokenizerLoader.load(folder: folder)
            let end = try #require(tokenizer.id(of: "<|end|>"))
            #expect(tokenizer.beginningOfText == tokenizer.id(of: "<|begin|>"))
            #expect(tokenizer.addsBeginningOfText)
            #expect(tokenizer.endOfText == end)
            #expect(tokenizer.endTokens == [end, 3, 5])
            #expect(tokenizer.chatTemplate == "new")
        }
    }

    @Test func addedTokensOfASentencePieceFolderAreRead() throws {
        let model = try Self.fixture("llama2", "tokenizer.model")
        let next = try Expected.tokenizer("llama2").vocabularySize
        let config = #"{"added_tokens_decoder": {"\#(next)": {"content": "<pad>", "special": true}}}"#
        try TokenizerFiles.withFolder(["tokenizer.model": model, "tokenizer_config.json": Data(config.utf8)]) {
            folder in
            let tokenizer = try TokenizerLoader.load(folder: folder)
            #expect(tokenizer.vocabularySize == next + 1)
            #expect(tokenizer.encode("a<pad>", special: .parsed).last == next)
            #expect(!tokenizer.encode("a<pad>", special: .asText).contains(next))
        }
        let far = config.replacingOccurrences(of: "\(next)", with: "2000000000")
        #expect(
            try TokenizerFiles.failure(["tokenizer.model": model, "tokenizer_config.json": Data(far.utf8)])?.code
                == .malformed)
    }

    @Test func equivalentCharactersAreDifferentTokens() throws {
        // These two strings are equal in Swift, but must be different tokens.
        let document = """
            {"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab":
            {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "\u{C5}": 3, "A\u{30A}": 4}}}
            """
        try TokenizerFiles.withFolder(["tokenizer.json": Data(document.utf8)]) { folder in
            let tokenizer = try TokenizerLoader.load(folder: folder)
            #expect(tokenizer.encode("\u{C5} A\u{30A}", special: .asText) == [3, 4])
        }
    }

    @Test(arguments: [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[1, 2", "not JSON"),
        ("{} x", "not JSON"),
        (#"{"a": "\ud800"}"#, "surrogate"),
        ("{\"a\": \"\u{1}\"}", "control"),
        (#"{"a": 01}"#, "not JSON"),
        (String(repeating: "[", count: 100_000), "nesting"),
        ("[]", "model.vocab"),
        ("{}", "model.vocab"),
        (#"{"model": {"vocab": 7}}"#, "model.vocab is a number"),
        (#"{"model": {"vocab": [["a", 0.5]]}}"#, "unigram"),
        (#"{"model": {"vocab": {"a": "b"}}}"#, "'a'"),
        (#"{"model": {"vocab": {"a": -1}}}"#, "'a' has id -1"),
        (#"{"model": {"vocab": {"a": 2000000000}}}"#, "'a' has id 2000000000"),
        (#"{"model": {"vocab": {"a": 0, "b": 0}}}"#, "'a' and 'b'"),
        (#"{"model": {"type": 3, "vocab": {"a": 0}}}"#, "model.type is a number"),
        (#"{"model": {"type": "WordLevel", "vocab": {"a": 0}}}"#, "'WordLevel'"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}}}"#, "model.merges"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b c"]}}"#, "'a b c'"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a"]]}}"#, "model.merges[0]"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#, "'b'"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}}"#, "'ab'"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#, "ByteLevel"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}}"#, "dropout"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "</w>"}}"#, "</w>"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "byte_fallback": true}}"#, "<0x00>"),
        (#"{"model": {"type": "WordPiece", "vocab": {"a": 0}}}"#, "[UNK]"),
        (#"{"added_tokens": [{"id": 0}], "model": {"vocab": {"a": 0}}}"#, "added_tokens[0].content"),
        (#"{"added_tokens": [{"id": 0, "content": "b"}], "model": {"vocab": {"a": 0}}}"#, "both have id 0"),
        (
            #"{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "x+"}, "behavior": "Isolated"}, "#
                + #""model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#,
            "'x+'"
        ),
        (
            #"{"normalizer": {"type": "NFKC"}, "pre_tokenizer": {"type": "ByteLevel"}, "#
                + #""model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#,
            "'NFKC'"
        ),
    ])
    func malformedJSONIsRefused(document: String, names: String) throws {
        let error = try #require(try TokenizerFiles.failure(["tokenizer.json": Data(document.utf8)]))
        #expect(error.description.contains("tokenizer.json"))
        #expect(error.description.contains(names), "\(error)")
        #expect(!error.description.contains("\n"))
    }

    @Test func missingAndMalformedFilesAreRefused() throws {
        #expect(try TokenizerFiles.failure([:])?.code == .missing)
        #expect(throws: TokenizerError.self) {
            try TokenizerLoader.load(folder: URL(fileURLWithPath: "/there/is/no/such/folder"))
        }
        #expect(try TokenizerFiles.failure(["tokenizer.json": Data([0xFF, 0xFE, 0x00])])?.code == .malformed)
        #expect(try TokenizerFiles.failure(["vocab.txt": Data([0x61, 0xFF])])?.code == .malformed)
        #expect(try TokenizerFiles.failure(["vocab.txt": Data()])?.code == .malformed)
        let nested = Data(#"{"eos_token": 3}"#.utf8)
        #expect(
            try TokenizerFiles.failure(["tokenizer.json": Self.fixture("gpt2"), "tokenizer_config.json": nested])?.code
                == .malformed)
    }

    @Test func truncatedFilesAreRefusedOrReadable() throws {
        let model = try Self.fixture("squeezed", "tokenizer.model")
        var refused = 0
        for length in stride(from: 0, to: model.count, by: 7) {
            if try TokenizerFiles.failure(["tokenizer.model": model.prefix(length)]) != nil {
                refused += 1
            }
        }
        // Truncation between two fields leaves a valid message, and the trainer's settings are late in the file.
        #expect(refused > model.count / 7 * 9 / 10)

        let json = try Self.fixture("uncased")
        for length in stride(from: 0, to: json.count, by: 61) {
            #expect(try TokenizerFiles.failure(["tokenizer.json": json.prefix(length)])?.code == .malformed)
        }
    }

    @Test func damagedBytesNeverTrap() throws {
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for (name, file) in [("squeezed", "tokenizer.model"), ("uncased", "tokenizer.json")] {
            let original = try Self.fixture(name, file)
            for _ in 0..<150 {
                var damaged = original
                for _ in 0...random(4) {
                    damaged[damaged.startIndex + random(damaged.count)] = UInt8(random(256))
                }
                try TokenizerFiles.withFolder([file: damaged]) { folder in
                    guard let tokenizer = try? TokenizerLoader.load(folder: folder) else { return }
                    let ids = tokenizer.encode("the reading <sep> é 東", special: .parsed)
                    #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
                    _ = tokenizer.decode(ids, skippingSpecial: false)
                }
            }
        }
    }

    @Test func unsupportedSentencePieceModelsAreRefused() throws {
        func message(_ number: UInt8, _ body: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(body.count)] + body }
        let piece = message(1, message(1, Array("a".utf8)))
        let bpe = message(2, [3 << 3, 2])
        let cases: [([UInt8], String)] = [
            (piece, "unigram"),
            (piece + message(2, [3 << 3, 4]), "char"),
            (piece + bpe, "unknown token"),
            (piece + bpe + message(3, message(2, [1, 2, 3])), "normalization"),
            (bpe, "no pieces"),
            (message(1, []) + bpe, "without text"),
            ([1 << 3 | 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "bytes"),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "ten bytes"),
            ([1 << 3 | 3], "kind 3"),
            ([0x00, 0x00], "number 0"),
        ]
        for (bytes, names) in cases {
            let error = try #require(try TokenizerFiles.failure(["tokenizer.model": Data(bytes)]))
            #expect(error.description.contains(names), "\(error)")
        }
    }
}

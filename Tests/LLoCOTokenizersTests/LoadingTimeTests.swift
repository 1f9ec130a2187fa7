import Foundation
import LLoCOTokenizers
import Testing

/// Loading a vocabulary of today's size is not what a command's start is spent on.
@Suite(.serialized) struct LoadingTimeTests {
    /// A made-up vocabulary of the size of Qwen's: bytes, and words that merge syllable by syllable.
    private struct Words {
        let count = 150_000
        var tokens: [String] = []
        var merges: [(String, String)] = []

        init() {
            for byte in UInt8.min...UInt8.max {
                // How byte-level vocabularies spell the bytes that are letters; the others take the place of Han.
                tokens.append(
                    byte.isLetter ? String(UnicodeScalar(byte)) : String(UnicodeScalar(0x4E00 + UInt32(byte)) ?? "?"))
            }
            let letters = tokens.filter { $0.utf8.first.map(\.isLetter) == true }
            var before = 0
            while tokens.count < count {
                // Each of the earlier tokens, and a letter after it.
                let left = tokens[before].utf8.first.map(\.isLetter) == true ? tokens[before] : ""
                before += 1
                guard !left.isEmpty else { continue }
                for letter in letters where tokens.count < count {
                    tokens.append(left + letter)
                    merges.append((left, letter))
                }
            }
        }
    }

    /// Three times what a slow machine takes in a release build; a debug build is not what is used.
    private static let bound = isRelease ? 0.6 : 60

    private static var isRelease: Bool {
        #if DEBUG
            false
        #else
            true
        #endif
    }

    /// The least of three times, in seconds of the processor: other processes are not counted.
    private func minimumTime(_ name: String, _ work: () throws -> Void) rethrows -> Double {
        let times = try (0..<(Self.isRelease ? 3 : 1)).map { _ in
            let start = Self.processorTime
            try work()
            return Self.processorTime - start
        }
        let minimum = times.min() ?? 0
        print("loading \(name): \(Int(minimum * 1000)) ms")
        return minimum
    }

    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    @Test func byteLevelVocabularies() throws {
        let words = Words()
        var gguf = GGUFVocabulary(model: "gpt2", tokens: words.tokens, location: "test.gguf")
        gguf.pre = "qwen2"
        gguf.tokenTypes = [Int](repeating: 1, count: words.count)
        gguf.merges = words.merges.map { "\($0) \($1)" }
        let fromGGUF = try minimumTime("GGUF vocabulary of 150,000 tokens") {
            let tokenizer = try TokenizerLoader.load(gguf: gguf)
            #expect(tokenizer.encode("abc", special: .asText) == [tokenizer.id(of: "abc")])
        }
        #expect(fromGGUF < Self.bound)

        let vocabulary = words.tokens.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
        let merges = words.merges.map { "[\"\($0)\",\"\($1)\"]" }.joined(separator: ",")
        let document = """
            {"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":true},
            "model":{"type":"BPE","vocab":{\(vocabulary)},"merges":[\(merges)]}}
            """
        try TokenizerFiles.withFolder(["tokenizer.json": Data(document.utf8)]) { folder in
            let fromJSON = try minimumTime("tokenizer.json of 150,000 tokens") {
                let tokenizer = try TokenizerLoader.load(folder: folder)
                #expect(tokenizer.encode("abc", special: .asText) == [tokenizer.id(of: "abc")])
            }
            #expect(fromJSON < Self.bound)
        }
    }

    @Test func sentencePieceVocabulary() throws {
        let words = Words()
        var gguf = GGUFVocabulary(model: "llama", tokens: ["<unk>"] + words.tokens, location: "test.gguf")
        gguf.tokenTypes = [2] + [Int](repeating: 1, count: words.count)
        gguf.scores = gguf.tokens.indices.map { -Float($0) }
        gguf.addsSpacePrefix = false
        let time = try minimumTime("SentencePiece vocabulary of 150,000 tokens") {
            let tokenizer = try TokenizerLoader.load(gguf: gguf)
            #expect(tokenizer.encode("abc", special: .asText) == [tokenizer.id(of: "abc")])
        }
        #expect(time < Self.bound)
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
}

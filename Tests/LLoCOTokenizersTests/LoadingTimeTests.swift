import Foundation
import LLoCOTokenizers
import Testing

/// Loading a vocabulary of current size takes a small part of a command's start.
@Suite(.serialized) struct LoadingTimeTests {
    /// A synthetic vocabulary of the size of Qwen's: bytes, and words that merge syllable by syllable.
    private struct Words {
        let count = 150_000
        var tokens: [String] = []
        var merges: [(String, String)] = []

        init() {
            for byte in UInt8.min...UInt8.max {
                // ASCII letters are spelled as in byte-level vocabularies, all other bytes as Han characters.
                tokens.append(
                    byte.isLetter ? String(UnicodeScalar(byte)) : String(UnicodeScalar(0x4E00 + UInt32(byte)) ?? "?"))
            }
            let letters = tokens.filter { $0.utf8.first.map(\.isLetter) == true }
            var index = 0
            while tokens.count < count {
                // An earlier token, followed by each letter.
                let left = tokens[index].utf8.first.map(\.isLetter) == true ? tokens[index] : ""
                index += 1
                guard !left.isEmpty else { continue }
                for letter in letters where tokens.count < count {
                    tokens.append(left + letter)
                    merges.append((left, letter))
                }
            }
        }
    }

    /// Maximum seconds: three times the time of a slow machine in a release build, and a loose bound for debug builds.
    private static let maximumSeconds = isRelease ? 0.6 : 60

    private static var isRelease: Bool {
        #if DEBUG
            false
        #else
            true
        #endif
    }

    /// The minimum of three runs in seconds of CPU time, which excludes other processes.
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

    @Test func byteLevelVocabulariesLoadQuickly() throws {
        let words = Words()
        var gguf = GGUFVocabulary(model: "gpt2", tokens: words.tokens, location: "test.gguf")
        gguf.pre = "qwen2"
        gguf.tokenTypes = [Int](repeating: 1, count: words.count)
        gguf.merges = words.merges.map { "\($0) \($1)" }
        let fromGGUF = try minimumTime("GGUF vocabulary of 150,000 tokens") {
            let tokenizer = try TokenizerLoader.load(gguf: gguf)
            #expect(tokenizer.encode("abc", special: .asText) == [tokenizer.id(of: "abc")])
        }
        #expect(fromGGUF < Self.maximumSeconds)

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
            #expect(fromJSON < Self.maximumSeconds)
        }
    }

    @Test func sentencePieceVocabulariesLoadQuickly() throws {
        let words = Words()
        var gguf = GGUFVocabulary(model: "llama", tokens: ["<unk>"] + words.tokens, location: "test.gguf")
        gguf.tokenTypes = [2] + [Int](repeating: 1, count: words.count)
        gguf.scores = gguf.tokens.indices.map { -Float($0) }
        gguf.addsSpacePrefix = false
        let time = try minimumTime("SentencePiece vocabulary of 150,000 tokens") {
            let tokenizer = try TokenizerLoader.load(gguf: gguf)
            #expect(tokenizer.encode("abc", special: .asText) == [tokenizer.id(of: "abc")])
        }
        #expect(time < Self.maximumSeconds)
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
}

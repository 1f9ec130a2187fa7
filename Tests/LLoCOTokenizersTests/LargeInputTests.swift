import Foundation
import LLoCOTestSupport
import LLoCOTokenizers
import Testing

/// Very large inputs. The tests assert the results; the printed times are for information.
@Suite struct LargeInputTests {
    @Test(arguments: ["gpt2", "llama3", "llama2", "squeezed", "uncased"])
    func longRunsOfOneLetterAreEncoded(name: String) throws {
        let tokenizer = try Expected.tokenizer(name)
        let count = 200_000
        let text = String(repeating: "a", count: count)
        // A linear search for every merge would take hours.
        let ids = tokenizer.encode(text, special: .asText)
        if tokenizer is WordPieceTokenizer {
            #expect(ids.count == 1)
        } else {
            let decoded = tokenizer.decode(ids, skippingSpecial: true)
            #expect(decoded.hasSameBytes(as: name == "gpt2" ? " " + text : text))
        }
    }

    @Test func manyTasksShareATokenizer() async throws {
        let tokenizer = try Expected.tokenizer("smollm")
        let strings = try Expected.load().strings
        let reference = strings.map { tokenizer.encode($0, special: .parsed) }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<20).allSatisfy { _ in strings.map { tokenizer.encode($0, special: .parsed) } == reference }
                }
            }
            for await isEqual in group {
                #expect(isEqual)
            }
        }
    }

    @Test func moreWordsThanTheCacheHoldsAreEncoded() throws {
        let tokenizer = try Expected.tokenizer("smollm")
        var text = ""
        for number in 0..<80_000 {
            // Only letters, because digits would be separate words.
            text +=
                " " + String(UnicodeScalar(UInt8(97 + number % 26)))
                + String(number, radix: 2)
                .replacing("0", with: "o").replacing("1", with: "l")
        }
        let ids = tokenizer.encode(text, special: .asText)
        #expect(tokenizer.decode(ids, skippingSpecial: true) == text)
        #expect(tokenizer.encode(text, special: .asText) == ids)
    }

    @Test(.enabled(if: TestFiles.languageModel != nil, "the default models are not here: run Scripts/bootstrap"))
    func speedOnEnglish() throws {
        let tokenizer = try TokenizerLoader.load(gguf: GGUFMetadata(try #require(TestFiles.languageModel)).vocabulary)
        let paragraph = """
            The committee met on the 14th of March, 1987, and it didn't take long: after three hours' argument about \
            the harbour's lease (and who, exactly, had signed it), the members agreed to publish everything they had \
            found.\n
            """
        let text = String(repeating: paragraph, count: 1_000_000 / paragraph.utf8.count)
        let clock = ContinuousClock()
        var ids: [Int] = []
        let time = clock.measure { ids = tokenizer.encode(text, special: .asText) }
        #expect(tokenizer.decode(ids, skippingSpecial: false) == text)
        let seconds = Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
        let (bytes, tokens) = (Double(text.utf8.count) / seconds / 1e6, Double(ids.count) / seconds)
        print("byte-level BPE: \(Int(bytes)) MB/s, \(Int(tokens)) tokens/s")
    }
}

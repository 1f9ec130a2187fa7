import Foundation
package import LLoCOBase
package import LLoCOTokenizers
import Synchronization

/// Texts that a compressor is trained on, and rows of tokens drawn from them at random.
///
/// Rows never join two texts: what a segment learns to carry has to be about what follows.
public struct TrainingText: Sendable {
    /// Held as strings, which share their storage with those that were given.
    private let texts: [String]
    /// Running sums of the texts' lengths: a row starts anywhere with the same probability.
    private let ends: [Int]

    /// UTF-8 bytes of all texts together
    public var byteCount: Int { ends.last ?? 0 }
    /// Texts to draw from, without those that were left out
    public var count: Int { texts.count }

    /// The SHA-256 of the texts, in their order.
    public var digest: String {
        Digest.sha256(texts.map(Self.digest(of:)).joined(separator: "\n"))
    }

    /// - Parameter minimumBytes: texts shorter than this are left out
    public init(_ texts: [String], minimumBytes: Int = 0) throws {
        self.texts = texts.filter { $0.utf8.count >= max(1, minimumBytes) }.map { text in
            // Any place in it is found at once then; most strings are so already.
            var text = text
            text.makeContiguousUTF8()
            return text
        }
        var sum = 0
        ends = self.texts.map {
            sum += $0.utf8.count
            return sum
        }
        guard !self.texts.isEmpty else {
            throw TrainingError(.invalid, "no text of at least \(minimumBytes) bytes to train on")
        }
    }

    /// Of fewer texts none is kept from training: what is wanted of a few is all of them.
    public static let minimumCorpus = 100

    /// Whether a text is kept from training, for the measure: one in twenty, chosen by its SHA-256 alone, so that it is
    /// the same one whatever other texts there are.
    public static func isHeldOut(_ text: String) -> Bool {
        digest(of: text).prefix(2) < "0d"
    }

    /// Those of some texts that are trained on: all of a few, of a corpus those that are not kept for the measure.
    public static func trained(among texts: [String]) -> [String] {
        TrainingCorpus(texts).trained
    }

    /// A text's SHA-256.
    public static func digest(of text: String) -> String { Digest.sha256(Data(text.utf8)) }

    /// Rows of at most `tokens` tokens, each of one text from a random place on.
    package func rows(
        _ count: Int, tokens: Int, _ tokenizer: any Tokenizer, using generator: inout SplitMix64
    ) -> [[Int]] {
        let slices = (0..<count).map { _ in slice(tokens, using: &generator) }
        let rows = Mutex(Array(repeating: [Int](), count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let ids = tokenizer.encode(String(decoding: slices[index], as: UTF8.self), special: .asText)
            rows.withLock { $0[index] = Array(ids.prefix(tokens)) }
        }
        return rows.withLock { $0 }
    }

    /// What holds `tokens` tokens, from a random place on.
    private func slice(_ tokens: Int, using generator: inout SplitMix64) -> [UInt8] {
        let point = Int.random(in: 0..<byteCount, using: &generator)
        let index = ends.firstIndex { $0 > point } ?? 0
        let text = texts[index].utf8
        func place(_ offset: Int) -> String.Index { text.index(text.startIndex, offsetBy: offset) }
        // Twelve bytes a token are more than any text of words needs; the start is pulled back to leave a whole row.
        let span = min(text.count, tokens * 12)
        let offset = point - (index == 0 ? 0 : ends[index - 1])
        var start = min(offset, max(0, text.count - tokens * 5))
        while start > 0, text[place(start)] & 0xC0 == 0x80 { start -= 1 }
        return Array(text[place(start)..<place(min(text.count, start + span))])
    }
}

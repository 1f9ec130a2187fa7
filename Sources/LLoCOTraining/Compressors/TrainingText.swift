import Foundation
package import LLoCOBase
package import LLoCOTokenizers
import Synchronization

/// Texts from which training rows are sampled at random.
///
/// A row never joins two texts, since a segment must be related to the text after it.
public struct TrainingText: Sendable {
    /// Strings share their storage with the caller's.
    private let texts: [String]
    /// Running sums of the texts' lengths: every byte has the same probability to start a row.
    private let ends: [Int]

    /// Length of all texts together in UTF-8 bytes
    public var byteCount: Int { ends.last ?? 0 }
    /// Number of texts, without omitted ones
    public var count: Int { texts.count }

    /// The SHA-256 of the texts, in their order.
    public var digest: String {
        Digest.sha256(texts.map(Self.digest(of:)).joined(separator: "\n"))
    }

    /// Creates a source of rows.
    ///
    /// - Parameter minimumBytes: shorter texts are omitted
    /// - Throws: `TrainingError` if no text remains.
    public init(_ texts: [String], minimumBytes: Int = 0) throws {
        self.texts = texts.filter { $0.utf8.count >= max(1, minimumBytes) }.map { text in
            // Native UTF-8 gives constant-time access to any byte offset; most strings have it already.
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
            throw TrainingError(
                .invalid, "no text to train on, expected texts of at least \(max(1, minimumBytes)) bytes")
        }
    }

    /// With fewer texts none is held out: all are needed for training.
    public static let minimumCorpus = 100

    /// Whether a text is held out from training for evaluation: one in twenty, chosen by its SHA-256 alone and thus
    /// independent of the other texts.
    public static func isHeldOut(_ text: String) -> Bool {
        digest(of: text).prefix(2) < "0d"
    }

    /// The texts to train on: all of fewer than ``minimumCorpus``, else those that are not held out.
    public static func trained(among texts: [String]) -> [String] {
        TrainingCorpus(texts).trained
    }

    /// A text's SHA-256.
    public static func digest(of text: String) -> String { Digest.sha256(Data(text.utf8)) }

    /// Samples rows of up to `tokens` tokens, each from a random place in a text.
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

    /// Samples bytes of a text that contain `tokens` tokens.
    private func slice(_ tokens: Int, using generator: inout SplitMix64) -> [UInt8] {
        let point = Int.random(in: 0..<byteCount, using: &generator)
        let index = ends.firstIndex { $0 > point } ?? 0
        let text = texts[index].utf8
        func place(_ offset: Int) -> String.Index { text.index(text.startIndex, offsetBy: offset) }
        // Twelve bytes per token are more than any text of words needs. The start moves back to leave a whole row.
        let span = min(text.count, tokens * 12)
        let offset = point - (index == 0 ? 0 : ends[index - 1])
        var start = min(offset, max(0, text.count - tokens * 5))
        while start > 0, text[place(start)] & 0xC0 == 0x80 { start -= 1 }
        return Array(text[place(start)..<place(min(text.count, start + span))])
    }
}

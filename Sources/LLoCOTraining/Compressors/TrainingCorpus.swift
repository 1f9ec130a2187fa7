public import Foundation

/// Texts for training a compressor, with a held-out part for evaluation.
///
/// ``TrainingText/isHeldOut(_:)`` decides by a text's content alone. Fewer than ``TrainingText/minimumCorpus`` texts
/// have no held-out part.
public struct TrainingCorpus: Sendable {
    /// The texts to train on, in their order.
    public let trained: [String]
    /// The held-out texts, in their order.
    public let heldOut: [String]

    /// Splits these texts.
    public init(_ texts: [String]) {
        guard texts.count >= TrainingText.minimumCorpus else {
            (trained, heldOut) = (texts, [])
            return
        }
        var (trained, heldOut): ([String], [String]) = ([], [])
        for text in texts {
            if TrainingText.isHeldOut(text) { heldOut.append(text) } else { trained.append(text) }
        }
        (self.trained, self.heldOut) = (trained, heldOut)
    }

    /// Reads files with ``TrainingText/texts(in:)`` and splits their texts.
    ///
    /// - Throws: `TrainingError`, `JSONLinesError`, `DocumentError`.
    public init(contentsOf files: [URL]) throws {
        self.init(try files.flatMap { try TrainingText.texts(in: $0) })
    }

    /// Number of texts, including held-out ones.
    public var count: Int { trained.count + heldOut.count }
}

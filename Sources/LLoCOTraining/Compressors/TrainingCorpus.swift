public import Foundation

/// Texts that a compressor is trained on and measured with: of a hundred or more, one in twenty is kept for the measure.
///
/// ``TrainingText/isHeldOut(_:)`` says which, by each text's content alone.
public struct TrainingCorpus: Sendable {
    /// The texts to train on, in their order.
    public let trained: [String]
    /// The texts that are kept from training; none of fewer than ``TrainingText/leastCorpus``.
    public let heldOut: [String]

    /// A corpus of these texts.
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

    /// A corpus of the texts of some files, as ``TrainingText/texts(in:)`` reads each.
    ///
    /// - Throws: what ``TrainingText/texts(in:)`` throws: `TrainingError`, `JSONLinesError`, `DocumentError`.
    public init(contentsOf files: [URL]) throws {
        self.init(try files.flatMap { try TrainingText.texts(in: $0) })
    }

    /// How many texts there are.
    public var count: Int { trained.count + heldOut.count }
}

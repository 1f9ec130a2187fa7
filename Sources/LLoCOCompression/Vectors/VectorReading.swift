import Foundation
public import LLoCOModels

/// How a model reads documents' vectors.
public struct VectorReading: Sendable, Hashable {
    /// What a vector is
    public let form: VectorForm
    /// Up to this many keys and values are attended to as they are. More are scaled down: together they draw as much
    /// attention as this many would, see ``logWeight(of:)``. nil where none are scaled.
    public let unscaledVectorLimit: Int?
    /// Whose each entry of a vector is, where heads keep unlike many; nil where each has one of every vector
    public let selection: HeadSelection?

    /// A way to read; without a limit no keys are scaled.
    public init(form: VectorForm, unscaledVectorLimit: Int? = nil, selection: HeadSelection? = nil) {
        self.form = form
        self.unscaledVectorLimit = unscaledVectorLimit
        self.selection = selection
    }

    /// The positions that `count` vectors take of a window: as many as the head that keeps the most has.
    public func positions(of count: Int) -> Int {
        Int((Double(count) * (selection?.largestShare ?? 1)).rounded(.up))
    }

    /// The way of input embeddings.
    public static let embeddings = VectorReading(form: .embeddings)

    /// The most vectors that fit in some positions of a window.
    public func vectors(in positions: Int) -> Int {
        Int((Double(positions) / (selection?.largestShare ?? 1)).rounded(.down))
    }

    /// What is added to the scores of `count` vectors' keys.
    public func logWeight(of count: Int) -> Double {
        guard let unscaledVectorLimit else { return 0 }
        return -log(max(1, Double(count) / Double(unscaledVectorLimit)))
    }

    /// The positions that come before the vectors; see `Llama.emptyContext`.
    public var leadingPositions: Int { form == .keysAndValues ? 1 : 0 }
}

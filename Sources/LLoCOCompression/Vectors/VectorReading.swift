import Foundation
public import LLoCOModels

/// How a model attends to documents' vectors.
public struct VectorReading: Sendable, Hashable {
    /// The form of the vectors
    public let form: VectorForm
    /// Up to this many vectors get no correction. The keys of more vectors are scaled down to draw as much attention as
    /// this many; see ``logWeight(of:)``. nil for no scaling.
    public let unscaledVectorLimit: Int?
    /// Assigns a vector's entries to heads if heads keep different numbers of positions; nil if each vector has one
    /// entry per head
    public let selection: HeadSelection?

    /// Creates a way to attend to vectors; without a limit no keys are scaled.
    public init(form: VectorForm, unscaledVectorLimit: Int? = nil, selection: HeadSelection? = nil) {
        self.form = form
        self.unscaledVectorLimit = unscaledVectorLimit
        self.selection = selection
    }

    /// The number of window positions that `count` vectors occupy: the number that the largest head keeps.
    public func positions(of count: Int) -> Int {
        Int((Double(count) * (selection?.largestShare ?? 1)).rounded(.up))
    }

    /// For vectors that are input embeddings.
    public static let embeddings = VectorReading(form: .embeddings)

    /// The maximum number of vectors that fit into `positions` positions of a window.
    public func vectors(in positions: Int) -> Int {
        Int((Double(positions) / (selection?.largestShare ?? 1)).rounded(.down))
    }

    /// The number added to the attention scores of `count` vectors' keys: −log(count / ``unscaledVectorLimit``), at
    /// most 0.
    public func logWeight(of count: Int) -> Double {
        guard let unscaledVectorLimit else { return 0 }
        return -log(max(1, Double(count) / Double(unscaledVectorLimit)))
    }

    /// Number of positions before the vectors; see `Llama.emptyContext`.
    public var leadingPositions: Int { form == .keysAndValues ? 1 : 0 }
}

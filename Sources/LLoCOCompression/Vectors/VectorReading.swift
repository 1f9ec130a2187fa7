import Foundation

/// How a model reads documents' vectors.
public struct VectorReading: Sendable, Hashable {
    /// What a vector is
    public let form: VectorForm
    /// Up to this many keys and values are attended to as they are. More are scaled down: together they draw as much
    /// attention as this many would, see ``logWeight(of:)``. nil where none are scaled.
    public let unscaledVectorLimit: Int?

    /// A way to read; without a limit no keys are scaled.
    public init(form: VectorForm, unscaledVectorLimit: Int? = nil) {
        self.form = form
        self.unscaledVectorLimit = unscaledVectorLimit
    }

    /// The way of input embeddings.
    public static let embeddings = VectorReading(form: .embeddings)

    /// What is added to the scores of `count` vectors' keys.
    public func logWeight(of count: Int) -> Double {
        guard let unscaledVectorLimit else { return 0 }
        return -log(max(1, Double(count) / Double(unscaledVectorLimit)))
    }

    /// The positions that come before the vectors; see `Llama.emptyContext`.
    public var leadingPositions: Int { form == .keysAndValues ? 1 : 0 }
}

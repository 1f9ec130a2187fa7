/// The adapters of one call. Their changes add up: a compressor's adapter and a group's, for example.
public struct ActiveAdapters: Sendable {
    /// The adapters whose changes add up.
    public let list: [Adapter]
    /// Whether this is a training step, in which adapters drop elements of their inputs.
    public let appliesDropout: Bool

    /// Some adapters, as they are used after training by default.
    public init(_ list: [Adapter], appliesDropout: Bool = false) {
        self.list = list
        self.appliesDropout = appliesDropout
    }

    /// The model as it is.
    public static let none = ActiveAdapters([])
}

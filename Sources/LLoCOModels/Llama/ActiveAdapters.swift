/// The adapters of one call. Their changes add up: a compressor's adapter and a group's, for example.
public struct ActiveAdapters: Sendable {
    public let list: [Adapter]
    /// Whether this is a training step, in which adapters drop elements of their inputs.
    public let appliesDropout: Bool

    public init(_ list: [Adapter], appliesDropout: Bool = false) {
        self.list = list
        self.appliesDropout = appliesDropout
    }

    public static let none = ActiveAdapters([])
}

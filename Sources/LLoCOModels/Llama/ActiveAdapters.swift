/// The adapters applied in a forward pass. Their outputs add up: a compressor's adapter and a group's, for example.
public struct ActiveAdapters: Sendable {
    /// The adapters whose outputs add up.
    public let list: [Adapter]
    /// Whether adapters apply dropout to their inputs, as in training.
    public let appliesDropout: Bool

    /// Combines adapters, without dropout by default.
    public init(_ list: [Adapter], appliesDropout: Bool = false) {
        self.list = list
        self.appliesDropout = appliesDropout
    }

    /// No adapters.
    public static let none = ActiveAdapters([])
}

import LLoCOBase

/// Stops a transfer below the minimum rate, which a server could otherwise keep open forever.
struct TransferRate {
    private let settings: HubSettings
    private var start = ContinuousClock.now
    private var bytes = 0

    init(_ settings: HubSettings) {
        self.settings = settings
    }

    /// Counts transferred bytes.
    ///
    /// - Throws: ``HubError`` if the last interval brought too few bytes.
    mutating func add(_ count: Int, from origin: String) throws {
        bytes += count
        let elapsed = start.duration(to: .now)
        guard elapsed >= settings.minimumTime else { return }
        guard bytes >= settings.minimumBytes else {
            throw HubError(
                .failed, "\(origin): only \(bytes) bytes in \(Int(elapsed.seconds)) s: stopped", isTransient: true)
        }
        (start, bytes) = (.now, 0)
    }
}

import LLoCOBase

/// Breaks off a transfer that brings next to nothing, which a server could keep up forever.
struct Pace {
    private let settings: HubSettings
    private var since = ContinuousClock.now
    private var bytes = 0

    init(_ settings: HubSettings) {
        self.settings = settings
    }

    /// - Throws: ``HubError`` where too little has come for too long.
    mutating func add(_ count: Int, from origin: String) throws {
        bytes += count
        let passed = since.duration(to: .now)
        guard passed >= settings.minimumTime else { return }
        guard bytes >= settings.minimumBytes else {
            throw HubError(
                .failed, "\(origin): only \(bytes) bytes in \(Int(passed.seconds)) s: broken off", isTransient: true)
        }
        (since, bytes) = (.now, 0)
    }
}

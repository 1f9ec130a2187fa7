import HTTPTypes
import LLoCOBase
import Synchronization

/// Bounds the requests of each key: `perSecond` on average, twice as many at once.
final class KeyRates: Sendable {
    private let perSecond: Double
    /// Requests that a key has left, and when that was
    private let left = Mutex<[Int: (requests: Double, at: ContinuousClock.Instant)]>([:])

    init(perSecond: Double) { self.perSecond = perSecond }

    /// - Throws: ``APIError`` where a key has sent too many.
    func take(_ key: Int) throws {
        let isAllowed = left.withLock { left in
            let (requests, at) = left[key] ?? (2 * perSecond, .now)
            let now = min(2 * perSecond, requests + at.duration(to: .now).seconds * perSecond)
            left[key] = (max(0, now - 1), .now)
            return now >= 1
        }
        guard isAllowed else {
            throw APIError(
                status: .tooManyRequests,
                message: "this key sends more than \(Int(perSecond)) requests a second: try again soon",
                type: "rate_limit_error", code: "rate_limit_exceeded")
        }
    }
}

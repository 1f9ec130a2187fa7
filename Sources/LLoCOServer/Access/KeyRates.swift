import HTTPTypes
import LLoCOBase
import Synchronization

/// A token bucket per key: `perSecond` requests on average, bursts of twice that number.
final class KeyRates: Sendable {
    private let perSecond: Double
    /// Per key: the remaining requests, and the time of that count
    private let remaining = Mutex<[Int: (requests: Double, at: ContinuousClock.Instant)]>([:])

    init(perSecond: Double) { self.perSecond = perSecond }

    /// Counts a request of a key.
    ///
    /// - Throws: ``APIError`` with status 429 if the key has no requests left.
    func take(_ key: Int) throws {
        let isAllowed = remaining.withLock { remaining in
            let (requests, at) = remaining[key] ?? (2 * perSecond, .now)
            let now = min(2 * perSecond, requests + at.duration(to: .now).seconds * perSecond)
            remaining[key] = (max(0, now - 1), .now)
            return now >= 1
        }
        guard isAllowed else {
            throw APIError(
                status: .tooManyRequests,
                message: "the key exceeds \(Int(perSecond)) requests per second; retry later",
                type: "rate_limit_error", code: "rate_limit_exceeded")
        }
    }
}

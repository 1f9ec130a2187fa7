import LLoCOBase

extension HubTransport {
    /// Calls `body`, and calls it again after transient errors.
    func retrying<Value>(_ body: () async throws -> Value) async throws -> Value {
        var attempt = 1
        while true {
            do { return try await body() } catch let error as HubError where error.isTransient {
                guard attempt < settings.attempts else { throw error }
                try await pause(after: attempt, error)
                attempt += 1
            }
        }
    }

    /// Waits before the next attempt: twice as long after each attempt, or as long as the server asks, up to the
    /// maximum.
    func pause(after attempt: Int, _ error: HubError) async throws {
        let backoff = settings.pause * (1 << min(attempt - 1, 10))
        let requested = error.retryAfter.map { Duration.seconds(min(max($0, 0), 3600)) } ?? .zero
        try await Task.sleep(for: min(max(backoff, requested), settings.longestPause))
    }
}

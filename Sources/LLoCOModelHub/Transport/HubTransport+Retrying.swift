import LLoCOBase

extension HubTransport {
    /// What `body` gives, which is called again where it fails for the moment.
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

    /// Waits before the next attempt, longer after each; no longer than is set, whatever a server asks for.
    func pause(after attempt: Int, _ error: HubError) async throws {
        let usual = settings.pause * (1 << min(attempt - 1, 10))
        let asked = error.retryAfter.map { Duration.seconds(min(max($0, 0), 3600)) } ?? .zero
        try await Task.sleep(for: min(max(usual, asked), settings.longestPause))
    }
}

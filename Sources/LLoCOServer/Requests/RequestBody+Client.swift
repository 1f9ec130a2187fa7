import Hummingbird
import Synchronization

extension RequestBody {
    /// Runs `body`, and calls `onGone` where it fails or the client closes its connection meanwhile. The connection is closed
    /// afterwards.
    func untilClientGoes<Value: Sendable>(
        _ onGone: @escaping @Sendable () -> Void, _ body: () async throws -> Value
    ) async throws -> Value {
        try await consumeWithInboundCloseHandler(
            { rest in
                do {
                    // What was read comes once more.
                    for try await _ in rest {}
                    return try await body()
                } catch {
                    onGone()
                    throw error
                }
            }, onInboundClosed: onGone)
    }
}

/// What is raised once, by any task.
final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .relaxed) }

    @Sendable func raise() { value.store(true, ordering: .relaxed) }
}

import Hummingbird
import Synchronization

extension RequestBody {
    /// Runs `body`. Calls `onDisconnect` if it fails or the client disconnects. Closes the connection afterwards.
    func untilClientDisconnects<Value: Sendable>(
        _ onDisconnect: @escaping @Sendable () -> Void, _ body: () async throws -> Value
    ) async throws -> Value {
        try await consumeWithInboundCloseHandler(
            { rest in
                do {
                    // Yields the collected body again.
                    for try await _ in rest {}
                    return try await body()
                } catch {
                    onDisconnect()
                    throw error
                }
            }, onInboundClosed: onDisconnect)
    }
}

/// A flag that any task can raise once.
final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .relaxed) }

    @Sendable func raise() { value.store(true, ordering: .relaxed) }
}

extension Task where Success: Sendable {
    /// Waits for the task's end or the caller's cancellation. Cancelling the caller does not cancel the task.
    ///
    /// - Throws: `CancellationError` if the caller is cancelled.
    package func ended() async throws {
        let (end, continuation) = AsyncStream<Never>.makeStream()
        Task<Void, Never> {
            _ = await self.result
            continuation.finish()
        }
        // Ends when the stream finishes or this task is cancelled.
        for await _ in end {}
        try Task<Never, Never>.checkCancellation()
    }
}

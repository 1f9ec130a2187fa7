extension Task where Success: Sendable {
    /// Waits for the task's end, no longer than until the caller is cancelled. The task itself goes on.
    ///
    /// - Throws: `CancellationError` where the caller is cancelled.
    package func ended() async throws {
        let (end, continuation) = AsyncStream<Never>.makeStream()
        Task<Void, Never> {
            _ = await self.result
            continuation.finish()
        }
        // Ends with the stream, or when this task is cancelled.
        for await _ in end {}
        try Task<Never, Never>.checkCancellation()
    }
}

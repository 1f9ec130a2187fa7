/// An answer as it comes: pieces of its text, then what it rests on and what it cost.
///
/// ```swift
/// let answer = library.ask("What was decided?", in: "work")
/// for try await piece in answer { print(piece, terminator: "") }
/// print(try await answer.result.passages)
/// ```
///
/// The answer is computed from the moment that it is asked for, whether or not its pieces are read. It stops within a chunk
/// of prefill or a token when the task that reads it is cancelled, when ``cancel()`` is called, or when nothing refers to it
/// any more. One task reads the pieces; any number may await the result, and one of these that is cancelled only stops waiting.
public struct AnswerStream: AsyncSequence, Sendable {
    public typealias Element = String

    private let pieces: AsyncThrowingStream<String, any Error>
    private let run: Run

    /// Ends the computation with the last reference to it.
    fileprivate final class Run: Sendable {
        let task: Task<Answer, any Error>
        /// Ends with the first piece, or with the answer
        let start: Task<Void, any Error>

        init(_ task: Task<Answer, any Error>, _ start: Task<Void, any Error>) {
            (self.task, self.start) = (task, start)
        }

        deinit { task.cancel() }
    }

    /// Starts to compute an answer on an executor.
    init(
        on executor: any TaskExecutor,
        _ answer: @escaping @Sendable (_ onText: (String) throws -> Void) async throws -> Answer
    ) {
        let (pieces, continuation) = AsyncThrowingStream<String, any Error>.makeStream()
        let (beginning, started) = AsyncThrowingStream<Never, any Error>.makeStream()
        let task = Task(executorPreference: executor) {
            do {
                let answer = try await answer {
                    continuation.yield($0)
                    started.finish()
                }
                continuation.finish()
                started.finish()
                return answer
            } catch {
                continuation.finish(throwing: error)
                started.finish(throwing: error)
                throw error
            }
        }
        continuation.onTermination = { reason in
            if case .cancelled = reason { task.cancel() }
        }
        self.pieces = pieces
        run = Run(task, Task { for try await _ in beginning {} })
    }

    /// Waits for the answer's first piece, or for its end.
    ///
    /// - Throws: what kept it from being given; `CancellationError` where the task that waits was cancelled.
    public func begun() async throws {
        let run = run
        try await run.start.ended()
        try await run.start.value
    }

    /// The whole answer, once it has come to its end.
    ///
    /// - Throws: what kept it from being given; `CancellationError` where it, or the task that waits, was cancelled.
    public var result: Answer {
        get async throws {
            let run = run
            try await run.task.ended()
            return try await run.task.value
        }
    }

    /// Stops the answer.
    public func cancel() { run.task.cancel() }

    public func makeAsyncIterator() -> Iterator { Iterator(pieces: pieces.makeAsyncIterator(), run: run) }

    /// Pieces of the answer's text.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var pieces: AsyncThrowingStream<String, any Error>.Iterator
        fileprivate let run: Run

        public mutating func next() async throws -> String? {
            let piece = try await pieces.next()
            // The stream of a cancelled task ends without an error of its own.
            if piece == nil { try Task.checkCancellation() }
            return piece
        }
    }
}

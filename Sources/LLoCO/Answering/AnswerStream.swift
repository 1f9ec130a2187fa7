/// A streamed answer: pieces of its text, then the result with sources and timings.
///
/// ```swift
/// let answer = library.ask("What was decided?", in: "work")
/// for try await piece in answer { print(piece, terminator: "") }
/// print(try await answer.result.passages)
/// ```
///
/// The computation starts immediately, whether or not the pieces are read. It stops within a chunk of prefill or a
/// token if the reading task is cancelled, if ``cancel()`` is called, or with the last reference to the stream. One
/// task may read the pieces. Any number of tasks may await the result; cancelling one of them only stops its wait.
public struct AnswerStream: AsyncSequence, Sendable {
    /// A piece of the answer's text.
    public typealias Element = String

    private let pieces: AsyncThrowingStream<String, any Error>
    private let run: Run

    /// The running computation. It is cancelled with the last reference.
    fileprivate final class Run: Sendable {
        let task: Task<Answer, any Error>
        /// Ends with the first piece, or with the answer.
        let start: Task<Void, any Error>

        init(_ task: Task<Answer, any Error>, _ start: Task<Void, any Error>) {
            (self.task, self.start) = (task, start)
        }

        deinit { task.cancel() }
    }

    /// Starts computing an answer on an executor.
    init(
        on executor: any TaskExecutor,
        _ answer: @escaping @Sendable (_ onText: (String) throws -> Void) async throws -> Answer
    ) {
        let (pieces, continuation) = AsyncThrowingStream<String, any Error>.makeStream()
        let (untilStart, started) = AsyncThrowingStream<Never, any Error>.makeStream()
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
        run = Run(task, Task { for try await _ in untilStart {} })
    }

    /// Waits for the answer's first piece, or for its end.
    ///
    /// - Throws: the answer's error; `CancellationError` if the waiting task is cancelled.
    public func begun() async throws {
        let run = run
        try await run.start.ended()
        try await run.start.value
    }

    /// Waits for the complete answer.
    ///
    /// - Throws: the answer's error; `CancellationError` if the answer or the waiting task is cancelled.
    public var result: Answer {
        get async throws {
            let run = run
            try await run.task.ended()
            return try await run.task.value
        }
    }

    /// Cancels the computation.
    public func cancel() { run.task.cancel() }

    /// Creates the iterator over the pieces, for one task.
    public func makeAsyncIterator() -> Iterator { Iterator(pieces: pieces.makeAsyncIterator(), run: run) }

    /// An iterator over the pieces of the answer's text.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var pieces: AsyncThrowingStream<String, any Error>.Iterator
        fileprivate let run: Run

        /// The next piece; nil at the end of the answer.
        public mutating func next() async throws -> String? {
            let piece = try await pieces.next()
            // The stream of a cancelled task ends without an error.
            if piece == nil { try Task.checkCancellation() }
            return piece
        }
    }
}

internal import LLoCOBase
internal import Logging
internal import Synchronization

/// The one dense index of a library: read when it is first asked for, and again when the library's passages have changed.
///
/// Searches that need it at once wait for one reading of it.
final class SharedIndex: Sendable {
    /// A reading of the index, under way or ended.
    private struct Reading {
        let number: Int
        let task: Task<DenseIndex, any Error>
    }

    private let library: any PassageIndex
    private let embedder: String
    private let threads: Int
    private let logger: Logger
    private let latest = Mutex<Reading?>(nil)

    init(_ library: any PassageIndex, embedder: String, threads: Int, logger: Logger) {
        self.library = library
        self.embedder = embedder
        self.threads = threads
        self.logger = logger
    }

    /// The index at a revision that the library had a moment ago, or at a later one where the library has changed since.
    func index(at revision: LibraryRevision) async throws -> DenseIndex {
        // What was being read, or was read, when this call began may be older than the revision; what is read after it is
        // not.
        var old: Int?
        while true {
            let (reading, isOwn) = latestReading(after: old)
            try await reading.task.ended()
            do {
                let index = try await reading.task.value
                if index.revision == revision || isOwn || old != nil { return index }
            } catch  where !isOwn && old == nil {
                // Another call's reading failed, perhaps long ago.
            }
            old = reading.number
        }
    }

    /// The latest reading, or a new one where that is `old` or there is none.
    private func latestReading(after old: Int?) -> (Reading, isOwn: Bool) {
        latest.withLock { latest in
            if let latest, latest.number != old { return (latest, false) }
            // The old index, which may be large, is let go before the new one is read.
            let number = (latest?.number ?? 0) + 1
            latest = nil
            // A task of its own: it goes on where the call that began it is cancelled, since others may wait for it too.
            let reading = Reading(number: number, task: Task { try await self.read() })
            latest = reading
            return (reading, true)
        }
    }

    private func read() async throws -> DenseIndex {
        let matrix = try await library.embeddings(in: .all, embedder: embedder)
        if matrix.missing > 0 {
            logger.info("\(matrix.missing) passages have no embedding yet: only their words are searched")
        }
        return DenseIndex(matrix, threads: threads)
    }
}

internal import LLoCOBase
internal import Logging
internal import Synchronization

/// The cached dense index of a library: loaded when first needed, and reloaded after the library's passages have
/// changed.
///
/// Concurrent searches wait for the same load.
final class SharedIndex: Sendable {
    /// A load of the index, running or ended.
    private struct Load {
        let number: Int
        let task: Task<DenseIndex, any Error>
    }

    private let library: any PassageIndex
    private let embedder: String
    private let threads: Int
    private let logger: Logger
    private let latest = Mutex<Load?>(nil)

    init(_ library: any PassageIndex, embedder: String, threads: Int, logger: Logger) {
        self.library = library
        self.embedder = embedder
        self.threads = threads
        self.logger = logger
    }

    /// The index at a revision that the library had a moment ago, or at a later one if the library has changed since.
    func index(at revision: LibraryRevision) async throws -> DenseIndex {
        // A load that started before this call may be older than the revision. A load that starts later is not.
        var old: Int?
        while true {
            let (load, isNew) = latestLoad(after: old)
            try await load.task.ended()
            do {
                let index = try await load.task.value
                if index.revision == revision || isNew || old != nil { return index }
            } catch  where !isNew && old == nil {
                // The load of another call failed, perhaps long ago.
            }
            old = load.number
        }
    }

    /// The latest load, or a new one if there is none or if the latest is `old`.
    private func latestLoad(after old: Int?) -> (Load, isNew: Bool) {
        latest.withLock { latest in
            if let latest, latest.number != old { return (latest, false) }
            // Releases the old index, which may be large, before the new one is loaded.
            let number = (latest?.number ?? 0) + 1
            latest = nil
            // An unstructured task continues if the call that started it is cancelled, since other calls may wait for
            // it.
            let load = Load(number: number, task: Task { try await self.load() })
            latest = load
            return (load, true)
        }
    }

    private func load() async throws -> DenseIndex {
        let matrix = try await library.embeddings(in: .all, embedder: embedder)
        if matrix.missing > 0 {
            logger.info("\(matrix.missing) passages have no embedding: only the keyword search finds them")
        }
        return DenseIndex(matrix, threads: threads)
    }
}

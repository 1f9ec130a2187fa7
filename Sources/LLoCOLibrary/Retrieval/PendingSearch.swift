internal import Dispatch
internal import Synchronization

/// A search of embeddings that is made on another thread where that pays, while this one has other work.
final class PendingSearch: Sendable {
    private let outcome: Mutex<Result<[DenseIndex.Hit], any Error>?>
    private let group = DispatchGroup()

    /// - Parameter aside: whether there is other work for this thread; a short search is made at once in any case.
    init(_ index: DenseIndex, _ query: [Float], limit: Int, aside: Bool) {
        guard aside, index.isLong else {
            outcome = Mutex(Result { try index.search(query, limit: limit) })
            return
        }
        outcome = Mutex(nil)
        DispatchQueue.global(qos: .userInitiated).async(group: group) {
            let result = Result { try index.search(query, limit: limit) }
            self.outcome.withLock { $0 = result }
        }
    }

    /// Waits for what was found.
    func hits() throws -> [DenseIndex.Hit] {
        group.wait()
        return try outcome.withLock { try $0?.get() ?? [] }
    }
}

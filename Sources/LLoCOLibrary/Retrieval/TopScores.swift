/// The `limit` best scores: a bounded heap with the worst entry at its root.
struct TopScores {
    struct Entry: Equatable {
        /// The row's position among the searched rows.
        let position: Int
        let score: Float

        /// Whether this entry ranks first: by score, then by the earlier row.
        func isBefore(_ other: Entry) -> Bool {
            score != other.score ? score > other.score : position < other.position
        }
    }

    private let limit: Int
    private var heap: [Entry] = []

    init(limit: Int) {
        self.limit = max(0, limit)
        heap.reserveCapacity(min(self.limit, 1 << 16))
    }

    /// The score that a later row must exceed to enter the heap; -infinity until the heap is full.
    var threshold: Float { heap.count < limit ? -.infinity : heap.first?.score ?? .infinity }

    mutating func insert(_ entry: Entry) {
        if heap.count < limit {
            heap.append(entry)
            var child = heap.count - 1
            while child > 0, heap[(child - 1) / 2].isBefore(heap[child]) {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        } else if let worst = heap.first, entry.isBefore(worst) {
            heap[0] = entry
            sink()
        }
    }

    /// The entries, best first.
    var sorted: [Entry] { heap.sorted { $0.isBefore($1) } }

    private mutating func sink() {
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[worst].isBefore(heap[child])
            {
                worst = child
            }
            guard worst != parent else { return }
            heap.swapAt(worst, parent)
            parent = worst
        }
    }
}

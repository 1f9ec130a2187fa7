/// A binary heap of candidate merges, ordered by rank, then by position.
struct MergeQueue {
    struct Candidate {
        /// Rank in the high half, position in the low half, so that one comparison orders both.
        let key: UInt64
        let left: Int32
        let right: Int32
        let merged: Int32

        @inline(__always)
        init(_ merge: PairTable.Merge, at position: Int, _ left: Int32, _ right: Int32) {
            key = UInt64(merge.rank) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
            merged = merge.merged
            self.left = left
            self.right = right
        }

        @inline(__always)
        var position: UInt32 { UInt32(truncatingIfNeeded: key) }
    }

    private var heap: [Candidate] = []

    mutating func removeAll() {
        heap.removeAll(keepingCapacity: true)
    }

    /// Adds a candidate without restoring the heap order; call ``heapify()`` afterwards.
    mutating func append(_ candidate: Candidate) {
        heap.append(candidate)
    }

    mutating func heapify() {
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) {
            sink(index)
        }
    }

    mutating func push(_ candidate: Candidate) {
        heap.append(candidate)
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard candidate.key < heap[parent].key else { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = candidate
    }

    mutating func popFirst() -> Candidate? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink(0)
        }
        return first
    }

    private mutating func sink(_ start: Int) {
        let candidate = heap[start]
        var index = start
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].key < heap[child].key {
                child += 1
            }
            guard heap[child].key < candidate.key else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = candidate
    }
}

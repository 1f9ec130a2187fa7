/// A token within a word.
struct Symbol: Sendable {
    /// Negative for text that is not in the vocabulary.
    var id: Int32
    /// In bytes.
    var length: Int32
}

/// Merges the symbols of a word: repeatedly the leftmost pair of the lowest rank, until no pair can merge.
struct BytePairMerger {
    /// Words of up to this many symbols are merged by linear search, which is faster than a queue on usual words.
    private static let scanLimit = 48

    private var pairs: [PairTable.Merge] = []
    private var queue = MergeQueue()
    private var next: [Int32] = []
    private var previous: [Int32] = []

    mutating func merge(_ symbols: inout [Symbol], by table: PairTable) {
        if symbols.count <= 1 {
            return
        }
        if symbols.count <= Self.scanLimit {
            mergeByScanning(&symbols, table)
        } else {
            mergeByQueue(&symbols, table)
        }
    }

    private mutating func mergeByScanning(_ symbols: inout [Symbol], _ table: PairTable) {
        pairs.removeAll(keepingCapacity: true)
        for index in 1..<symbols.count {
            pairs.append(table[symbols[index - 1].id, symbols[index].id])
        }
        while true {
            var best = -1
            var bestRank = UInt32.max
            for index in pairs.indices where pairs[index].rank < bestRank {
                bestRank = pairs[index].rank
                best = index
            }
            guard best >= 0 else { return }
            symbols[best].id = pairs[best].merged
            symbols[best].length += symbols[best + 1].length
            symbols.remove(at: best + 1)
            pairs.remove(at: best)
            if best > 0 {
                pairs[best - 1] = table[symbols[best - 1].id, symbols[best].id]
            }
            if best < pairs.count {
                pairs[best] = table[symbols[best].id, symbols[best + 1].id]
            }
        }
    }

    /// Merges in time n log n, with a linked list of symbols and a queue of candidate pairs. A candidate whose ids no
    /// longer match its symbols is outdated and skipped.
    private mutating func mergeByQueue(_ symbols: inout [Symbol], _ table: PairTable) {
        let count = symbols.count
        next = (1...Int32(count)).map { $0 }
        previous = (-1..<Int32(count - 1)).map { $0 }
        queue.removeAll()
        for index in 1..<count {
            enqueue(index - 1, index, symbols, table)
        }
        queue.heapify()
        while let candidate = queue.popFirst() {
            let left = Int(candidate.position)
            let right = Int(next[left])
            guard symbols[left].length > 0, symbols[left].id == candidate.left, right < count,
                symbols[right].id == candidate.right
            else { continue }
            symbols[left].id = candidate.merged
            symbols[left].length += symbols[right].length
            symbols[right].length = 0
            next[left] = next[right]
            if next[left] < count {
                previous[Int(next[left])] = Int32(left)
                push(left, Int(next[left]), symbols, table)
            }
            if previous[left] >= 0 {
                push(Int(previous[left]), left, symbols, table)
            }
        }
        symbols.removeAll { $0.length == 0 }
    }

    private mutating func enqueue(_ left: Int, _ right: Int, _ symbols: [Symbol], _ table: PairTable) {
        let merge = table[symbols[left].id, symbols[right].id]
        if merge != PairTable.none {
            queue.append(.init(merge, at: left, symbols[left].id, symbols[right].id))
        }
    }

    private mutating func push(_ left: Int, _ right: Int, _ symbols: [Symbol], _ table: PairTable) {
        let merge = table[symbols[left].id, symbols[right].id]
        if merge != PairTable.none {
            queue.push(.init(merge, at: left, symbols[left].id, symbols[right].id))
        }
    }
}

import LLoCOBase

/// A selection of a matrix's rows: ascending, non-empty ranges with gaps in between.
///
/// A row's position is its index among the selected rows, from 0.
struct RowRanges: Sendable {
    /// The ranges, each with the position of its first row.
    private var parts: [(rows: Range<Int>, start: Int)] = []
    /// The number of selected rows.
    private(set) var count = 0

    /// Appends rows that come after all others. Rows that follow the last range without a gap extend it.
    mutating func append(_ rows: Range<Int>) {
        guard !rows.isEmpty else { return }
        if let last = parts.last, last.rows.upperBound == rows.lowerBound {
            parts[parts.count - 1].rows = last.rows.lowerBound..<rows.upperBound
        } else {
            parts.append((rows, count))
        }
        count += rows.count
    }

    /// The row at a position.
    func row(at position: Int) -> Int {
        let part = parts[part(at: position)]
        return part.rows.lowerBound + position - part.start
    }

    /// Calls `body` for each range of the rows at `positions`, with the position of the range's first row.
    func forEach(in positions: Range<Int>, _ body: (_ rows: Range<Int>, _ position: Int) -> Void) {
        guard !positions.isEmpty else { return }
        for (rows, start) in parts[part(at: positions.lowerBound)...] {
            guard start < positions.upperBound else { return }
            let first = max(start, positions.lowerBound)
            let end = min(start + rows.count, positions.upperBound)
            body(rows.lowerBound + first - start..<rows.lowerBound + end - start, first)
        }
    }

    /// The index in `parts` of the range that contains a position.
    private func part(at position: Int) -> Int {
        max(0, parts.partitioningIndex { $0.start > position } - 1)
    }
}

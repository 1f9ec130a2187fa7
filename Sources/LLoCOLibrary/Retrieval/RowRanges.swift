import LLoCOBase

/// Rows of a matrix that are searched: ranges in ascending order, none empty, none touching the next.
///
/// A row's position is its place among these rows, from 0.
struct RowRanges: Sendable {
    /// The ranges, each with the position of its first row.
    private var parts: [(rows: Range<Int>, start: Int)] = []
    /// How many rows there are.
    private(set) var count = 0

    /// Adds rows after all others; those that follow without a gap make one range with them.
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

    /// Calls `body` with the rows at `positions`, a range after the other, and the position of each one's first row.
    func forEach(in positions: Range<Int>, _ body: (_ rows: Range<Int>, _ position: Int) -> Void) {
        guard !positions.isEmpty else { return }
        for (rows, start) in parts[part(at: positions.lowerBound)...] {
            guard start < positions.upperBound else { return }
            let first = max(start, positions.lowerBound)
            let end = min(start + rows.count, positions.upperBound)
            body(rows.lowerBound + first - start..<rows.lowerBound + end - start, first)
        }
    }

    /// The place in `parts` of the range that holds a position.
    private func part(at position: Int) -> Int {
        max(0, parts.firstPlace { $0.start > position } - 1)
    }
}

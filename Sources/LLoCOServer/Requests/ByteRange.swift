/// One range of a `Range` header field: `bytes=0-99`, `bytes=100-`, `bytes=-50`.
package struct ByteRange {
    private let first: Int?
    private let last: Int?

    /// Parses a `Range` header field; nil if it is malformed or has several ranges.
    package init?(_ field: String) {
        let parts = field.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { 48...57 ~= $0 } }) else { return nil }
        (first, last) = (Int(ends[0]), Int(ends[1]))
        guard first != nil || last != nil, ends[0].isEmpty || first != nil, ends[1].isEmpty || last != nil else {
            return nil
        }
    }

    /// The range within a text of `count` bytes; nil if it is outside.
    package func range(in count: Int) -> Range<Int>? {
        guard let first else { return last.flatMap { $0 > 0 && count > 0 ? max(0, count - $0)..<count : nil } }
        guard first < count, (last ?? first) >= first else { return nil }
        return first..<min(count, last.map { $0 == .max ? $0 : $0 + 1 } ?? count)
    }
}

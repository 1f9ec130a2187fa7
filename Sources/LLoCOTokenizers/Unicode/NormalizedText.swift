/// A text as its model wants it, with the way back to the bytes it was made from.
struct NormalizedText {
    /// The text's UTF-8.
    var bytes: [UInt8] = []

    /// For every byte, and for the end, the offset in the source where what it was made from begins; empty where
    /// nobody asked for offsets.
    var offsets: [Int] = []

    let tracksOffsets: Bool

    init(tracksOffsets: Bool) {
        self.tracksOffsets = tracksOffsets
    }

    /// Adds bytes that all were made from the source at `offset`.
    @inline(__always)
    mutating func append(_ new: some Collection<UInt8>, from offset: Int) {
        bytes.append(contentsOf: new)
        if tracksOffsets {
            offsets.append(contentsOf: repeatElement(offset, count: new.count))
        }
    }

    /// Adds bytes of the source as they are.
    @inline(__always)
    mutating func append(copying source: UTF8Buffer, at offset: Int) {
        bytes.append(contentsOf: source)
        if tracksOffsets {
            offsets.append(contentsOf: offset..<(offset + source.count))
        }
    }

    /// Takes bytes off the end of an unfinished text.
    mutating func removeLast(_ count: Int) {
        bytes.removeLast(count)
        if tracksOffsets {
            offsets.removeLast(count)
        }
    }

    /// Ends the text where the source ends.
    mutating func finish(at end: Int) {
        if tracksOffsets {
            offsets.append(end)
        }
    }
}

extension NormalizedText {
    /// Adds a finished text, which then must be the last.
    mutating func append(_ other: NormalizedText) {
        bytes.append(contentsOf: other.bytes)
        if tracksOffsets {
            offsets.append(contentsOf: other.offsets)
        }
    }
}

/// A normalized text with a mapping to the offsets of its source.
struct NormalizedText {
    /// The text's UTF-8.
    var bytes: [UInt8] = []

    /// For every byte and for the end, the offset in the source; empty if `tracksOffsets` is false.
    var offsets: [Int] = []

    let tracksOffsets: Bool

    init(tracksOffsets: Bool) {
        self.tracksOffsets = tracksOffsets
    }

    /// Adds bytes that all map to the source at `offset`.
    @inline(__always)
    mutating func append(_ new: some Collection<UInt8>, from offset: Int) {
        bytes.append(contentsOf: new)
        if tracksOffsets {
            offsets.append(contentsOf: repeatElement(offset, count: new.count))
        }
    }

    /// Adds unchanged bytes of the source.
    @inline(__always)
    mutating func append(copying source: UTF8Buffer, at offset: Int) {
        bytes.append(contentsOf: source)
        if tracksOffsets {
            offsets.append(contentsOf: offset..<(offset + source.count))
        }
    }

    /// Removes bytes from the end of an unfinished text.
    mutating func removeLast(_ count: Int) {
        bytes.removeLast(count)
        if tracksOffsets {
            offsets.removeLast(count)
        }
    }

    /// Finishes the text with the offset of the source's end.
    mutating func finish(at end: Int) {
        if tracksOffsets {
            offsets.append(end)
        }
    }
}

extension NormalizedText {
    /// Adds a finished text; nothing may be added afterwards.
    mutating func append(_ other: NormalizedText) {
        bytes.append(contentsOf: other.bytes)
        if tracksOffsets {
            offsets.append(contentsOf: other.offsets)
        }
    }
}

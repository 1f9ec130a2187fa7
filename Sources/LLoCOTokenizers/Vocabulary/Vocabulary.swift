/// The tokens of a model: spelling by id, and id by spelling.
///
/// Spellings are compared as bytes. Swift strings compare by canonical equivalence, but a vocabulary may contain both
/// forms of a character.
struct Vocabulary: Sendable {
    private var storage: [UInt8] = []
    private var starts: [Int] = [0]
    private var slots: [Int32]
    private var filled = 0
    private var seed = UInt64.random(in: .min ... .max)

    /// The length of the longest spelling, in bytes.
    private(set) var longest = 0

    /// The largest id plus one. Ids without a token have an empty spelling.
    var count: Int { starts.count - 1 }

    /// Creates an empty vocabulary with room for `capacity` tokens.
    init(capacity: Int = 0) {
        var slots = 16
        while slots < capacity * 2 {
            slots *= 2
        }
        self.slots = [Int32](repeating: -1, count: slots)
        starts.reserveCapacity(capacity + 1)
        // Real spellings have 6 or 7 bytes on average.
        storage.reserveCapacity(capacity * 8)
    }

    /// Creates a vocabulary from a list of tokens by id. A duplicate spelling belongs to its first id.
    init(_ texts: [String]) {
        self.init(capacity: texts.count)
        for text in texts {
            append(text)
        }
    }

    /// Creates a vocabulary from tokens with explicit ids, in any order and possibly with gaps.
    ///
    /// - Throws: ``TokenizerError`` for an id that is negative, duplicate, or far above the number of tokens.
    init(_ pairs: [(text: String, id: Int)], location: String) throws(TokenizerError) {
        // Most files list tokens by id, so that no sorting is needed.
        if pairs.indices.allSatisfy({ pairs[$0].id == $0 }) {
            self.init(capacity: pairs.count)
            for pair in pairs {
                append(pair.text)
            }
            return
        }
        let limit = pairs.count + 65_536
        var largest = -1
        for (text, id) in pairs {
            guard id >= 0, id < limit else {
                throw .malformed(
                    location,
                    "token \(TokenizerError.quoted(text)) has id \(id), expected 0 to \(limit - 1) for "
                        + "\(pairs.count) tokens")
            }
            largest = max(largest, id)
        }
        var texts = [String?](repeating: nil, count: largest + 1)
        for (text, id) in pairs {
            if let other = texts[id] {
                throw .malformed(
                    location,
                    "tokens \(TokenizerError.quoted(other)) and \(TokenizerError.quoted(text)) both have id \(id)")
            }
            texts[id] = text
        }
        self.init(capacity: texts.count)
        for text in texts {
            append(text ?? "")
        }
    }

    /// Adds a token with the next id.
    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// Adds a token with the next id.
    mutating func append(_ text: [UInt8]) {
        text.withUnsafeBufferPointer { append($0) }
    }

    /// Adds a token with the next id.
    mutating func append(_ text: UTF8Buffer) {
        let id = Int32(truncatingIfNeeded: count)
        storage.append(contentsOf: text)
        starts.append(storage.count)
        longest = max(longest, text.count)
        guard !text.isEmpty else { return }
        if (filled + 1) * 2 > slots.count {
            grow()
        }
        let slot = slotIndex(of: text)
        if slots[slot] < 0 {
            slots[slot] = id
            filled += 1
        }
    }

    /// The id of the token spelled `bytes`.
    @inline(__always)
    func id(of bytes: UTF8Buffer) -> Int? {
        let id = slots[slotIndex(of: bytes)]
        return id < 0 ? nil : Int(id)
    }

    /// The id of the token spelled `text`.
    func id(of text: String) -> Int? {
        var text = text
        return text.withUTF8 { id(of: $0) }
    }

    /// The id of the token spelled `bytes`.
    func id(of bytes: [UInt8]) -> Int? { bytes.withUnsafeBufferPointer { id(of: $0) } }

    /// The spelling of a token; empty for an id outside the vocabulary.
    func text(of id: Int) -> ArraySlice<UInt8> {
        guard id >= 0, id < count else { return [] }
        return storage[starts[id]..<starts[id + 1]]
    }

    /// The slot of the token spelled `bytes`, or the free slot for it.
    @inline(__always)
    private func slotIndex(of bytes: UTF8Buffer) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash(bytes, seed: seed)) & mask
        storage.withUnsafeBufferPointer { storage in
            while slots[slot] >= 0 {
                let id = Int(slots[slot])
                let start = starts[id]
                if starts[id + 1] - start == bytes.count, equal(storage, start, bytes) {
                    break
                }
                slot = (slot + 1) & mask
            }
        }
        return slot
    }

    @inline(__always)
    private func equal(_ storage: UTF8Buffer, _ start: Int, _ bytes: UTF8Buffer) -> Bool {
        for index in 0..<bytes.count where storage[start + index] != bytes[index] {
            return false
        }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for id in 0..<count where starts[id + 1] > starts[id] {
            let slot = storage.withUnsafeBufferPointer { slotIndex(of: $0.slice(starts[id]..<starts[id + 1])) }
            if slots[slot] < 0 {
                slots[slot] = Int32(truncatingIfNeeded: id)
            }
        }
    }
}

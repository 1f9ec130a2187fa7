/// Detects duplicate keys in an object that is being parsed.
///
/// The few keys of a common object are compared one by one, those of a vocabulary by hash. The hash is seeded, so that
/// a file cannot be crafted to collide.
struct KeySet {
    private static let linearSearchLimit = 8

    /// Hashes of the keys, by position.
    private var hashes: [Int] = []
    /// Open-addressing table: the position of a key at its hash or the next free slot; -1 for a free slot.
    private var slots: [Int32] = []

    /// Adds `key`, which follows `members`; returns false if they contain it.
    mutating func insert(_ key: String, after members: [(key: String, value: JSONValue)]) -> Bool {
        guard members.count >= Self.linearSearchLimit else {
            return !members.contains { $0.key.hasSameBytes(as: key) }
        }
        while hashes.count < members.count { add(Self.hash(members[hashes.count].key)) }
        let hash = Self.hash(key)
        if !slots.isEmpty {
            var slot = hash & (slots.count - 1)
            while slots[slot] >= 0 {
                let other = Int(slots[slot])
                if hashes[other] == hash, members[other].key.hasSameBytes(as: key) { return false }
                slot = (slot + 1) & (slots.count - 1)
            }
        }
        add(hash)
        return true
    }

    private mutating func add(_ hash: Int) {
        hashes.append(hash)
        guard hashes.count * 2 > slots.count else { return place(hashes.count - 1) }
        slots = [Int32](repeating: -1, count: max(4 * Self.linearSearchLimit, slots.count * 2))
        for position in hashes.indices { place(position) }
    }

    private mutating func place(_ position: Int) {
        var slot = hashes[position] & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(truncatingIfNeeded: position)  // the parser's limit of values fits
    }

    private static func hash(_ key: String) -> Int {
        var hasher = Hasher()
        var key = key
        key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return hasher.finalize()
    }
}

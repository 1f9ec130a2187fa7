/// Finds the key that comes twice in an object that is being parsed: the few of a common object are compared one by one,
/// those of a vocabulary by a hash, which is seeded, so that a file cannot be made to collide.
struct KeySet {
    private static let few = 8

    /// Hashes of the keys, by position.
    private var hashes: [Int] = []
    /// Positions of keys, each at its hash or the next free place after it; -1 where none is.
    private var slots: [Int32] = []

    /// Adds `key`, which follows `members`; false where it is among them.
    mutating func insert(_ key: String, after members: [(key: String, value: JSONValue)]) -> Bool {
        guard members.count >= Self.few else {
            return !members.contains { $0.key.hasSameBytes(as: key) }
        }
        while hashes.count < members.count { enter(Self.hash(members[hashes.count].key)) }
        let hash = Self.hash(key)
        if !slots.isEmpty {
            var slot = hash & (slots.count - 1)
            while slots[slot] >= 0 {
                let other = Int(slots[slot])
                if hashes[other] == hash, members[other].key.hasSameBytes(as: key) { return false }
                slot = (slot + 1) & (slots.count - 1)
            }
        }
        enter(hash)
        return true
    }

    private mutating func enter(_ hash: Int) {
        hashes.append(hash)
        guard hashes.count * 2 > slots.count else { return place(hashes.count - 1) }
        slots = [Int32](repeating: -1, count: max(4 * Self.few, slots.count * 2))
        for position in hashes.indices { place(position) }
    }

    private mutating func place(_ position: Int) {
        var slot = hashes[position] & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(truncatingIfNeeded: position)  // the parser takes no more values than fit
    }

    private static func hash(_ key: String) -> Int {
        var hasher = Hasher()
        var key = key
        key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return hasher.finalize()
    }
}

/// The merges of a byte-pair vocabulary: maps a pair of adjacent tokens to a rank and a merged token.
struct PairTable: Sendable {
    /// A merge as one number that orders by rank: the rank in the high half, the merged id in the low half.
    typealias Merge = UInt64

    /// No merge; it ranks after every merge.
    static let none = Merge.max

    private static let freeKey = UInt64.max
    private var keys: [UInt64]
    private var merges: [Merge]
    private(set) var count = 0

    /// Creates a table with room for `capacity` merges.
    init(capacity: Int) {
        var slots = 16
        while slots < capacity * 2 {
            slots *= 2
        }
        keys = [UInt64](repeating: Self.freeKey, count: slots)
        merges = [Merge](repeating: Self.none, count: slots)
    }

    /// The merge of two adjacent tokens, or ``none``.
    @inline(__always)
    subscript(left: Int32, right: Int32) -> Merge {
        let key = Self.key(left, right)
        let mask = keys.count - 1
        var slot = Self.slot(of: key) & mask
        while true {
            let found = keys[slot]
            if found == key {
                return merges[slot]
            }
            if found == Self.freeKey {
                return Self.none
            }
            slot = (slot + 1) & mask
        }
    }

    /// Adds a merge. A pair keeps its first merge.
    mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, merged: Int32) {
        if (count + 1) * 2 > keys.count {
            grow()
        }
        let key = Self.key(left, right)
        let mask = keys.count - 1
        var slot = Self.slot(of: key) & mask
        while keys[slot] != Self.freeKey {
            if keys[slot] == key {
                return
            }
            slot = (slot + 1) & mask
        }
        keys[slot] = key
        merges[slot] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: merged))
        count += 1
    }

    /// The tokens that result from merges, in no particular order.
    var merged: some Sequence<Int32> { merges.lazy.filter { $0 != Self.none }.map(\.merged) }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func slot(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: mixed(key, 0x9E37_79B9_7F4A_7C15))
    }

    private mutating func grow() {
        let old = (keys, merges)
        self = PairTable(capacity: keys.count)
        for (key, merge) in zip(old.0, old.1) where key != Self.freeKey {
            insert(
                Int32(truncatingIfNeeded: key >> 32), Int32(truncatingIfNeeded: key),
                rank: UInt32(truncatingIfNeeded: merge >> 32), merged: Int32(truncatingIfNeeded: merge))
        }
    }
}

extension PairTable.Merge {
    /// The priority of the merge; lower ranks merge first.
    @inline(__always)
    var rank: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }

    /// The token that replaces the pair.
    @inline(__always)
    var merged: Int32 { Int32(truncatingIfNeeded: self) }
}

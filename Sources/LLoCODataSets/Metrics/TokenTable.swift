/// Numbers for tokens, from 0 in the order of their first appearance, so that comparisons are of integers.
///
/// The tokens are kept one after the other in one buffer: a dictionary of byte arrays takes ten times as long.
struct TokenTable {
    /// How many tokens have a number.
    var count: Int { ends.count }

    private var bytes: [UInt8] = []
    /// By number: where the token ends in `bytes`; it begins where the one before ends.
    private var ends: [Int] = []
    /// A hash table with linear probing: a token's number + 1, or 0; at most half full.
    private var slots = [UInt32](repeating: 0, count: 256)

    /// The number of `token`, a new one where it has none.
    mutating func number(of token: UnsafeRawBufferPointer) -> UInt32 {
        var slot = firstSlot(token)
        while slots[slot] != 0 {
            let number = slots[slot] - 1
            if has(token, number: Int(number)) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        let number = UInt32(ends.count)
        slots[slot] = number + 1
        bytes.append(contentsOf: token)
        ends.append(bytes.count)
        if 2 * ends.count > slots.count { grow() }
        return number
    }

    /// The number of each token of `text`, which has one space between tokens and none at its ends.
    mutating func numbers(of text: [UInt8]) -> [UInt32] {
        var numbers: [UInt32] = []
        text.withUnsafeBytes { text in
            var start = 0
            for place in 0...text.count where place == text.count || text[place] == UInt8(ascii: " ") {
                if place > start { numbers.append(number(of: UnsafeRawBufferPointer(rebasing: text[start..<place]))) }
                start = place + 1
            }
        }
        return numbers
    }

    private func has(_ token: UnsafeRawBufferPointer, number: Int) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        guard ends[number] - start == token.count else { return false }
        for place in 0..<token.count where bytes[start + place] != token[place] { return false }
        return true
    }

    private func firstSlot(_ token: UnsafeRawBufferPointer) -> Int {
        // Seeded anew in each process, so that nobody can write tokens that collide.
        var hasher = Hasher()
        hasher.combine(bytes: token)
        return hasher.finalize() & (slots.count - 1)
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: 2 * slots.count)
        bytes.withUnsafeBytes { bytes in
            var start = 0
            for (number, end) in ends.enumerated() {
                var slot = firstSlot(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
                slots[slot] = UInt32(number) + 1
                start = end
            }
        }
    }
}

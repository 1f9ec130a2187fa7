/// A table that numbers tokens from 0 in the order of their first appearance, so that integers are compared.
///
/// The tokens are stored one after the other in one buffer: a dictionary of byte arrays takes ten times as long.
struct TokenTable {
    /// The number of distinct tokens.
    var count: Int { ends.count }

    private var bytes: [UInt8] = []
    /// By number: the end offset of the token in `bytes`; it begins at the end of the previous one.
    private var ends: [Int] = []
    /// A hash table with linear probing, at most half full: a token's number + 1, or 0 for an empty slot.
    private var slots = [UInt32](repeating: 0, count: 256)

    /// The number of `token`; a new token gets the next number.
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

    /// The numbers of the tokens of `text`, which has one space between tokens and none at its ends.
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
        // `Hasher` has a random seed in each process, so an attacker cannot craft colliding tokens.
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

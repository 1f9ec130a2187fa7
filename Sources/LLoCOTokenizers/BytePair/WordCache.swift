/// A cache of the tokens of words. Text repeats its words, and merging is the expensive part.
///
/// The cache is emptied when it reaches its maximum size, so that hostile text cannot exhaust memory.
struct WordCache {
    /// Longer words are too rare to cache.
    static let maximumWordBytes = 40

    private static let maximumCount = 1 << 16

    private struct Slot {
        var hash: UInt64 = 0
        var wordStart: Int32 = 0
        var wordLength: Int32 = 0
        var firstSymbol: Int32 = 0
        var symbolCount: Int32 = -1
    }

    private var slots = [Slot](repeating: Slot(), count: 1024)
    private var count = 0
    private var words: [UInt8] = []
    private var symbols: [Symbol] = []
    private let seed = UInt64.random(in: .min ... .max)

    @inline(__always)
    func hash(of word: UTF8Buffer) -> UInt64 { hash(word) }

    /// Passes the symbols of `word` to `body` and returns true, or returns false if the word is not cached.
    @inline(__always)
    func read(_ word: UTF8Buffer, hash: UInt64, into body: (Symbol) -> Void) -> Bool {
        let slot = slots[slotIndex(of: word, hash)]
        guard slot.symbolCount >= 0 else { return false }
        for index in Int(slot.firstSymbol)..<Int(slot.firstSymbol + slot.symbolCount) {
            body(symbols[index])
        }
        return true
    }

    mutating func insert(_ word: UTF8Buffer, hash: UInt64, _ new: [Symbol]) {
        if (count + 1) * 2 > slots.count {
            grow()
        }
        let slot = slotIndex(of: word, hash)
        guard slots[slot].symbolCount < 0 else { return }
        slots[slot] = Slot(
            hash: hash, wordStart: Int32(truncatingIfNeeded: words.count),
            wordLength: Int32(truncatingIfNeeded: word.count), firstSymbol: Int32(truncatingIfNeeded: symbols.count),
            symbolCount: Int32(truncatingIfNeeded: new.count))
        words.append(contentsOf: word)
        symbols.append(contentsOf: new)
        count += 1
    }

    @inline(__always)
    private func hash(_ word: UTF8Buffer) -> UInt64 { LLoCOTokenizers.hash(word, seed: seed) }

    @inline(__always)
    private func slotIndex(of word: UTF8Buffer, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].symbolCount >= 0 {
            if slots[index].hash == hash, Int(slots[index].wordLength) == word.count, equal(slots[index], word) {
                break
            }
            index = (index + 1) & mask
        }
        return index
    }

    @inline(__always)
    private func equal(_ slot: Slot, _ word: UTF8Buffer) -> Bool {
        words.withUnsafeBufferPointer { words in
            let start = Int(slot.wordStart)
            for index in 0..<word.count where words[start + index] != word[index] {
                return false
            }
            return true
        }
    }

    private mutating func grow() {
        guard slots.count < Self.maximumCount * 2 else {
            slots = [Slot](repeating: Slot(), count: slots.count)
            words.removeAll(keepingCapacity: true)
            symbols.removeAll(keepingCapacity: true)
            count = 0
            return
        }
        let old = slots
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        let mask = slots.count - 1
        for slot in old where slot.symbolCount >= 0 {
            var index = Int(truncatingIfNeeded: slot.hash) & mask
            while slots[index].symbolCount >= 0 {
                index = (index + 1) & mask
            }
            slots[index] = slot
        }
    }
}

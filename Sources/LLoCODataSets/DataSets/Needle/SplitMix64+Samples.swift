import LLoCOBase
import LLoCOTokenizers

extension SplitMix64 {
    /// The generator of one sample: it follows from the seed and the sample's name alone, so that a sample is the same
    /// whatever else is generated with it.
    init(seed: UInt64, name: String) {
        // FNV-1a, 64 bits
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var mixer = SplitMix64(seed: seed)
        self.init(seed: hash ^ mixer.next())
    }

    /// One of a list that is not empty.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }
}

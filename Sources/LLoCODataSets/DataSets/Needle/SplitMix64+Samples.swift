import LLoCOBase
import LLoCOTokenizers

extension SplitMix64 {
    /// Creates the generator of one sample. It depends on the seed and the sample's name alone, so a sample does not
    /// depend on the other samples of the run.
    init(seed: UInt64, name: String) {
        // FNV-1a, 64 bits
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var mixer = SplitMix64(seed: seed)
        self.init(seed: hash ^ mixer.next())
    }

    /// A random element of a non-empty list.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }
}

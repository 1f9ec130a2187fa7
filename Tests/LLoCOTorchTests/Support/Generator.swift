import LLoCOTorch

/// Random numbers for tests, the same on every machine. libtorch's generator is process-wide, so that concurrent suites
/// would affect one another.
struct Generator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    /// The next 53 bits (SplitMix64), as a number in -1 ..< 1.
    mutating func number() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) / Double(1 << 52) - 1
    }

    mutating func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in number() } }

    /// Biases of keys [B, K, n]: the first `lengths` keys of each head are unmasked, one fewer in each later sequence;
    /// the fourth key is masked for all.
    mutating func bias(_ shape: [Int], lengths: [Int]) throws -> Tensor {
        let numbers: [Float] = numbers(shape.reduce(1, *)).enumerated().map { index, number in
            let (key, head, sequence) = (
                index % shape[2], index / shape[2] % shape[1], index / shape[2] / shape[1]
            )
            return key < lengths[head] - sequence && key != 3 ? Float(2 * number) : -.infinity
        }
        return try Tensor(numbers, shape: shape)
    }

    mutating func tensor(_ shape: [Int], dtype: DType = .float64) throws -> Tensor {
        try Tensor(numbers(shape.reduce(1, *)), shape: shape).to(dtype)
    }
}

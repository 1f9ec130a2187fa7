import LLoCOBase

/// Numbers of seven digits, none twice and none that a haystack holds.
struct DistinctNumbers {
    private let haystack: Haystack?
    private var used: Set<Int> = []

    init(outside haystack: Haystack?) {
        self.haystack = haystack
    }

    mutating func next(using generator: inout SplitMix64) -> Int {
        // A haystack holds at most a ninth of them, and samples use far fewer: few draws are in vain.
        while true {
            let number = Int.random(in: 1_000_000...9_999_999, using: &generator)
            if haystack?.holds(number) != true, used.insert(number).inserted { return number }
        }
    }
}

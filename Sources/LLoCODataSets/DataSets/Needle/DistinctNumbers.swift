import LLoCOBase

/// A source of random seven-digit numbers: no number repeats, and none occurs in the haystack.
struct DistinctNumbers {
    private let haystack: Haystack?
    private var used: Set<Int> = []

    init(outside haystack: Haystack?) {
        self.haystack = haystack
    }

    mutating func next(using generator: inout SplitMix64) -> Int {
        // A haystack contains at most a ninth of the nine million numbers, and samples use far fewer: few draws fail.
        while true {
            let number = Int.random(in: 1_000_000...9_999_999, using: &generator)
            if haystack?.holds(number) != true, used.insert(number).inserted { return number }
        }
    }
}

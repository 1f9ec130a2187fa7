import LLoCOBase

/// The questions of a pool in a random order: each is tried once, then the usable ones repeat.
struct QuestionOrder {
    private let order: [Int]
    private var tried = 0
    private var usable: [Int] = []
    private var repeated = 0

    /// - Parameter count: number of questions in the pool
    init(count: Int, generator: SplitMix64) {
        var generator = generator
        order = (0..<count).shuffled(using: &generator)
    }

    /// The next question that has not been tried; nil after the last one.
    mutating func nextUntried() -> Int? {
        guard tried < order.count else { return nil }
        defer { tried += 1 }
        return order[tried]
    }

    /// Records a question as usable.
    mutating func add(_ question: Int) { usable.append(question) }

    /// The next usable question, in turn; nil if there is none.
    mutating func nextUsable() -> Int? {
        guard !usable.isEmpty else { return nil }
        defer { repeated += 1 }
        return usable[repeated % usable.count]
    }
}

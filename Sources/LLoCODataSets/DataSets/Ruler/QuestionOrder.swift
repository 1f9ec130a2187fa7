import LLoCOBase

/// The questions of a pool in a random order: each once, then those that could be asked again.
struct QuestionOrder {
    private let order: [Int]
    private var tried = 0
    private var asked: [Int] = []
    private var repeated = 0

    /// - Parameter count: of the pool's questions
    init(count: Int, generator: SplitMix64) {
        var generator = generator
        order = (0..<count).shuffled(using: &generator)
    }

    /// One that was not tried before; nil at the end.
    mutating func nextUntried() -> Int? {
        guard tried < order.count else { return nil }
        defer { tried += 1 }
        return order[tried]
    }

    /// Notes that a question could be asked.
    mutating func add(_ question: Int) { asked.append(question) }

    /// One that was asked, in turn; nil where none could be.
    mutating func nextAsked() -> Int? {
        guard !asked.isEmpty else { return nil }
        defer { repeated += 1 }
        return asked[repeated % asked.count]
    }
}

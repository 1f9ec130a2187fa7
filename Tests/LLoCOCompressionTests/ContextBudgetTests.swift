import LLoCOBase
import LLoCOCompression
import Testing

/// The size of a budget, and its distribution over segments.
@Suite struct ContextBudgetTests {
    @Test func sizesAreParsed() {
        #expect([0, 1, 30, 31, 3000].map { ContextBudget.Size.usual.positions(for: $0) } == [1, 1, 1, 2, 100])
        #expect(ContextBudget.Size("100")?.positions(for: 7) == 100)
        for text in ["100", "1/30", "1", "1/1", "1048576"] { #expect(ContextBudget.Size(text)?.description == text) }
        for text in ["", "0", "-1", "1/", "/30", "2/30", "1/0", "1/30/2", "x", "1048577", "1.5"] {
            #expect(ContextBudget.Size(text) == nil, "\(text)")
        }
    }

    @Test func positionsAreDistributedOverSegments() {
        func vectors(_ counts: [Int], _ positions: Int, _ favoured: [Int] = []) -> [Int] {
            ContextBudget.vectors(of: counts, favoured: favoured, positions: positions)
        }
        #expect(vectors([50, 50, 20], 200) == [50, 50, 20])
        #expect(vectors([50, 50, 20], 12) == [5, 5, 2])
        #expect(vectors([50, 50, 20], 0) == [0, 0, 0])
        #expect(vectors([50, 50, 20], -1) == [0, 0, 0] && vectors([50, 50], -7, [1]) == [0, 0])
        #expect(vectors([], 5) == [])
        // Half for all segments, the rest for the favoured ones up to their vectors, the remainder for all again.
        #expect(vectors([50, 50, 20], 48, [2]) == [14, 14, 20])
        #expect(vectors([50, 50, 20], 48, [1, 0]) == [10, 34, 4])
        #expect(vectors([50, 50, 50], 120, [1]) == [35, 50, 35])
    }

    @Test func theWholeBudgetIsUsed() {
        var draws = SplitMix64(seed: 3)
        for _ in 0..<300 {
            let counts = (0..<Int.random(in: 1...9, using: &draws)).map { _ in Int.random(in: 0...50, using: &draws) }
            let favoured = counts.indices.shuffled(using: &draws).prefix(Int.random(in: 0...3, using: &draws))
            let positions = Int.random(in: 0...300, using: &draws)
            let allotted = ContextBudget.vectors(of: counts, favoured: Array(favoured), positions: positions)
            #expect(allotted.reduce(0, +) == min(positions, counts.reduce(0, +)))
            #expect(zip(allotted, counts).allSatisfy { 0 <= $0 && $0 <= $1 })
        }
    }
}

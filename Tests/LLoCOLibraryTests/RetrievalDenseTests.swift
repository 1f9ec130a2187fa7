import Foundation
import LLoCOBase
import LLoCOLibrary
import Testing

@Suite struct RetrievalDenseTests {
    func unitRows(_ count: Int, _ dimension: Int, _ generator: inout SplitMix64) -> [Float] {
        var values = [Float](repeating: 0, count: count * dimension)
        for row in 0..<count {
            var norm: Float = 0
            for column in 0..<dimension {
                let word = generator.next()
                let value = Float(Int32(truncatingIfNeeded: word)) / Float(Int32.max)
                values[row * dimension + column] = value
                norm += value * value
            }
            norm = norm.squareRoot()
            for column in 0..<dimension { values[row * dimension + column] /= norm }
        }
        return values
    }

    func matrix(_ count: Int, _ dimension: Int, _ values: [Float]) -> EmbeddingMatrix {
        matrix(passages: (0..<count).map { Int64($0) * 3 + 1 }, dimension, values)
    }

    /// The passages of one document.
    func matrix(passages: [Int64], _ dimension: Int, _ values: [Float], missing: Int = 0) -> EmbeddingMatrix {
        EmbeddingMatrix(
            revision: LibraryRevision([]), documents: [.init(id: 7, rows: 0..<passages.count, missing: missing)],
            passages: passages, dimension: dimension, values: values)
    }

    @Test(arguments: [(1, 1), (5, 3), (100, 16), (333, 17), (1000, 384), (12_000, 400)])
    func searchIsExact(shape: (count: Int, dimension: Int)) throws {
        var generator = SplitMix64(seed: UInt64(shape.count))
        let values = unitRows(shape.count, shape.dimension, &generator)
        let query = unitRows(1, shape.dimension, &generator)
        let index = DenseIndex(matrix(shape.count, shape.dimension, values))
        var scores: [(row: Int, score: Double)] = []
        for row in 0..<shape.count {
            var sum = 0.0
            for column in 0..<shape.dimension {
                sum += Double(values[row * shape.dimension + column]) * Double(query[column])
            }
            scores.append((row, sum))
        }
        scores.sort { $0.score > $1.score }
        for limit in [1, 10, 100, shape.count, shape.count + 9] {
            let hits = try index.search(query, limit: limit)
            #expect(hits.count == min(limit, shape.count))
            for (hit, expected) in zip(hits, scores) {
                #expect(abs(Double(hit.score) - expected.score) < 2e-6)
            }
            // The same rows, except for ties within rounding at the limit.
            let edge = scores[hits.count - 1].score
            let sure = Set(scores.filter { $0.score > edge + 2e-6 }.map { Int64($0.row) * 3 + 1 })
            #expect(sure.isSubset(of: hits.map(\.passage)))
            #expect(Set(hits.map(\.passage)).count == hits.count)
        }
    }

    /// The two-step search of a long matrix gives the same rows and scores as separate searches of its short parts.
    @Test func aLongMatrixIsSearchedLikeItsParts() throws {
        var generator = SplitMix64(seed: 23)
        let (count, dimension) = (24_000, 192)
        var values = unitRows(count, dimension, &generator)
        // Many nearly equal rows, like the passages of one document, and some equal rows.
        for row in 500..<4000 {
            for column in 0..<dimension {
                values[row * dimension + column] = values[column] * (1 + Float(row % 700) * 1e-5)
            }
        }
        let query = (0..<dimension).map { values[$0] * 0.9 + values[dimension + $0] * 0.3 }
        let whole = try DenseIndex(matrix(count, dimension, values)).search(query, limit: 900)
        var parts: [DenseIndex.Hit] = []
        for start in stride(from: 0, to: count, by: 8000) {
            let part = Array(values[start * dimension..<(start + 8000) * dimension])
            let keys = (start..<start + 8000).map { Int64($0) * 3 + 1 }
            let index = DenseIndex(matrix(passages: keys, dimension, part))
            parts += try index.search(query, limit: 900)
        }
        parts.sort { $0.score != $1.score ? $0.score > $1.score : $0.passage < $1.passage }
        #expect(whole == Array(parts.prefix(900)))
        // Values too large for a unit vector disable rounding.
        let large = values.map { $0 * 1e6 }
        let found = try DenseIndex(matrix(count, dimension, large)).search(query, limit: 5)
        #expect(found.allSatisfy { $0.score > 1e5 })
    }

    /// A search over some documents gives the same rows, scores, order and ties as an index of only these documents.
    @Test(arguments: [(40, 24), (24_000, 192)]) func aSelectionEqualsAnIndexOfItsDocuments(
        shape: (count: Int, dimension: Int)
    ) throws {
        var generator = SplitMix64(seed: UInt64(shape.count))
        let (count, dimension) = shape
        var values = unitRows(count, dimension, &generator)
        // Equal and nearly equal rows in different documents.
        for row in stride(from: 3, to: count, by: 7) {
            for column in 0..<dimension {
                values[row * dimension + column] = values[column] * (row % 2 == 0 ? 1 : 0.9999)
            }
        }
        // Documents of very different sizes, some empty.
        var ends = (0..<10).map { _ in Int.random(in: 0...count, using: &generator) }.sorted() + [count]
        ends.insert(ends[4], at: 4)
        var documents: [EmbeddingMatrix.Document] = []
        for (place, end) in ends.enumerated() {
            let start = documents.last?.rows.upperBound ?? 0
            documents.append(.init(id: Int64(2 * place + 1), rows: start..<end, missing: place))
        }
        let keys = (0..<count).map { Int64($0) * 3 + 1 }
        let revision = LibraryRevision([])
        let index = DenseIndex(
            EmbeddingMatrix(
                revision: revision, documents: documents, passages: keys, dimension: dimension, values: values),
            threads: 3)
        let query = (0..<dimension).map { values[$0] * 0.9 + values[dimension + $0] * 0.3 }
        for round in 0..<12 {
            // All but one, all but two, ..., and some that are not in the index.
            let left = Set((0..<round).map { _ in Int.random(in: 0..<documents.count, using: &generator) })
            let chosen = documents.enumerated().filter { !left.contains($0.offset) }.map(\.element)
            var parts: [EmbeddingMatrix.Document] = []
            for document in chosen {
                let start = parts.last?.rows.upperBound ?? 0
                parts.append(
                    .init(id: document.id, rows: start..<start + document.rows.count, missing: document.missing))
            }
            let own = DenseIndex(
                EmbeddingMatrix(
                    revision: revision, documents: parts, passages: chosen.flatMap { keys[$0.rows] },
                    dimension: dimension,
                    values: chosen.flatMap {
                        values[$0.rows.lowerBound * dimension..<$0.rows.upperBound * dimension]
                    }), threads: 1)
            let selection = index.selection(of: ([0, 2] + chosen.map(\.id) + [99]).sorted())
            #expect(selection.missing == chosen.reduce(0) { $0 + $1.missing })
            for limit in [1, 9, 300] {
                #expect(try index.search(query, in: selection, limit: limit) == own.search(query, limit: limit))
            }
        }
        #expect(try index.search(query, in: index.selection(of: []), limit: 3).isEmpty)
        #expect(try index.search(query, limit: 50) == index.search(query, in: index.selection(of: nil), limit: 50))
    }

    @Test(arguments: [1, 2, 3, 64, 65]) func theThreadCountIsLimitedByTheCaller(count: Int) {
        #expect(DenseIndex.threads(for: 100_000 * 384, of: count) == min(count, 64))
        #expect(DenseIndex.threads(for: 1000 * 384, of: count) == 1)
    }

    @Test func tiesAreBrokenByTheEarlierRow() throws {
        let index = DenseIndex(matrix(6, 2, [0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1]))
        #expect(try index.search([1, 0], limit: 2).map(\.passage) == [4, 10])
        #expect(try index.search([1, 0], limit: 6).map(\.passage) == [4, 10, 13, 1, 7, 16])
    }

    @Test func anEmptySearchFindsNothing() throws {
        let empty = DenseIndex(matrix(passages: [], 0, [], missing: 3))
        #expect(try empty.search([1, 2], limit: 4).isEmpty)
        let index = DenseIndex(matrix(2, 2, [1, 0, 0, 1]))
        #expect(try index.search([1, 0], limit: 0).isEmpty)
        #expect(throws: LibraryError.self) { try index.search([1], limit: 1) }
    }

    @Test func fusionAddsReciprocalRanks() {
        let fused = RankFusion.fuse([[1, 2, 3], [3, 4]])
        #expect(fused.map(\.key) == [3, 1, 2, 4], "2 and 4 tie: the smaller key goes first")
        #expect(abs(fused[0].score - (1.0 / 63 + 1.0 / 61)) < 1e-15)
        #expect(abs(fused[1].score - 1.0 / 61) < 1e-15)
        #expect(RankFusion.fuse([]).isEmpty)
        let groups = RankFusion.rankGroups([7, 8, 8, 8, 7, 8], best: 3)
        #expect(groups.map(\.key) == [8, 7])
        #expect(abs(groups[0].score - (1.0 / 62 + 1.0 / 63 + 1.0 / 64)) < 1e-15)
        #expect(abs(groups[1].score - (1.0 / 61 + 1.0 / 65)) < 1e-15)
    }

    /// Measures the documented speed; run with `LLOCO_MEASURE=1` and `-c release`.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["LLOCO_MEASURE"] != nil, "a measurement, made with LLOCO_MEASURE=1")
    )
    func measureAHundredThousandPassages() throws {
        var generator = SplitMix64(seed: 1)
        let index = DenseIndex(matrix(100_000, 384, unitRows(100_000, 384, &generator)))
        let query = unitRows(1, 384, &generator)
        var times: [Duration] = []
        for _ in 0..<30 {
            let clock = ContinuousClock()
            var found = 0
            times.append(try clock.measure { found = try index.search(query, limit: 100).count })
            #expect(found == 100)
        }
        times.sort()
        print("100,000 x 384, 100 best: median \(times[15]), best \(times[0])")
    }
}

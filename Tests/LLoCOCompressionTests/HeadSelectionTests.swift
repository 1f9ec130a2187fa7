import Foundation
import LLoCOBase
import LLoCOCheckpoints
import LLoCOCompression
import LLoCOLibrary
import LLoCOModelTestSupport
import LLoCOModels
import LLoCOTestSupport
import LLoCOTorch
import Testing

/// Head selections: each head keeps its own number and choice of a segment's positions.
@Suite(.seeded) struct HeadSelectionTests {
    let fixture: CompressorFixture

    init() throws { fixture = try CompressorFixture() }

    private func scheme(_ shares: HeadSelection?, vectors: Int = 5) -> CompressionScheme {
        CompressionScheme(
            segmentTokens: 20, summaryTokens: vectors, carry: .independent,
            method: .attended(AttendedKeysAndValues(selection: shares)))
    }

    /// A row has one entry per head slot, fewer rows are a prefix of more, and every head gets its share of entries.
    @Test func entriesAreDistributedByShares() throws {
        let shares = try HeadSelection(shares: [4, 1, 0, 3])
        #expect(abs(shares.largestShare - 2) < 1e-12)
        #expect(shares.owners(rows: 2) == [0, 3, 0, 1, 3, 0, 3, 0])
        for rows in [0, 1, 3, 10, 50] {
            let owners = shares.owners(rows: rows)
            #expect(owners == Array(shares.owners(rows: 60).prefix(owners.count)) && owners.count == 4 * rows)
            for (head, weight) in shares.shares.enumerated() {
                let count = owners.count { $0 == head }
                #expect(abs(Double(count) - Double(4 * rows * weight) / 8) <= 1, "\(rows) \(head)")
            }
        }
        #expect(try HeadSelection(shares: [4, 1, 0, 3], logWeights: [0, 0, 0, 0]) == shares)
        for numbers in [[], [0, 0], [1, -1], [10_001, 1]] {
            #expect(throws: ModelError.self, "\(numbers)") { try HeadSelection(shares: numbers) }
        }
        for weights: [Float] in [[], [0.5], [.infinity, 0], [.nan, 0]] {
            #expect(throws: ModelError.self) { try HeadSelection(shares: [1, 2], logWeights: weights) }
            #expect(throws: ModelError.self) { try HeadSelection(shares: [1, 2], attentionPowers: weights) }
            #expect(throws: ModelError.self) { try HeadSelection(shares: [1, 2], valuePowers: weights) }
        }
    }

    /// Equal shares give the results of no selection.
    @Test func equalSharesChangeNothing() throws {
        let ids = Array(fixture.values.document.prefix(47))
        let count = 2 * fixture.values.heads
        let decoder = fixture.decoder
        let plain = try Compressor.attended(for: decoder, scheme(nil))
        let shared = try Compressor.attended(
            for: decoder, scheme(HeadSelection(shares: Array(repeating: 7, count: count))))
        func scores(_ compressor: Compressor) throws -> [Float] {
            try withoutGradients {
                let vectors = try compressor.compress(ids)
                #expect(vectors.places == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1])
                let cache = try compressor.context(vectors, adapters: .none)
                return try decoder.hiddenStates(decoder.embed([Array(ids.prefix(4))]), cache: cache).array()
            }
        }
        for (one, other) in zip(try scores(plain), try scores(shared)) { #expect(abs(one - other) < 1e-4) }
    }

    /// The entries of each head are its most attended positions; their number follows from its share.
    @Test func headsKeepTheirShares() throws {
        let ids = Array(fixture.values.document.prefix(20))
        let count = 2 * fixture.values.heads
        let weights = (0..<count).map { [1, 0, 3, 2][$0 % 4] }
        let shares = try HeadSelection(shares: weights)
        let decoder = fixture.decoder
        let compressor = try Compressor.attended(for: decoder, scheme(shares, vectors: 4))
        // Every position of every head, the most attended first.
        let all = try Compressor.attended(for: decoder, scheme(nil, vectors: 20)).compress(ids)
        let made = try compressor.compress(ids)
        let size = decoder.configuration.headSize
        #expect(made.values.shape == [1, 4, decoder.keyValueSize] && made.bias == nil)
        let (layers, heads) = (2, fixture.values.heads)
        let wanted = try all.values.reshaped([20, layers, 2, heads, size])
        let entries = try made.values.reshaped([4 * count, 2, size])
        var seen = Array(repeating: 0, count: count)
        for (entry, head) in shares.owners(rows: 4).enumerated() {
            for part in 0..<2 {
                let expected = try wanted[seen[head]][head / heads][part][head % heads].array(of: Float.self)
                #expect(try entries[entry][part].array(of: Float.self) == expected)
            }
            seen[head] += 1
        }
        #expect(zip(seen, weights).allSatisfy { abs(Double($0) - 4 * Double($1) * 2 / 3) <= 1 })
        #expect(zip(seen, weights).allSatisfy { $1 > 0 || $0 == 0 }, "a head without a share keeps nothing")
        // Fewer vectors are a prefix of more.
        let fewer = try Compressor.attended(for: decoder, scheme(shares, vectors: 2)).compress(ids)
        let first = try made.selected([0..<2]).values.array(of: Float.self)
        #expect(try fewer.values.array(of: Float.self) == first)
    }

    /// A head whose share exceeds the segment's positions has empty entries.
    @Test func excessEntriesAreBlank() throws {
        let ids = Array(fixture.values.document.prefix(6))
        let count = 2 * fixture.values.heads
        let shares = try HeadSelection(shares: [count * 4] + Array(repeating: 1, count: count - 1))
        let decoder = fixture.decoder
        let compressor = try Compressor.attended(
            for: decoder,
            CompressionScheme(
                segmentTokens: 6, summaryTokens: 4, carry: .independent,
                method: .attended(AttendedKeysAndValues(selection: shares))))
        let made = try compressor.compress(ids)
        let bias = try #require(made.bias)
        let blank = try bias.array(of: Float.self).count { $0 == -.infinity }
        let owners = shares.owners(rows: 4)
        #expect(bias.shape == [1, count, 4] && blank == owners.count { $0 == 0 } - 6)
        let cache = try compressor.context(made, adapters: .none)
        let hidden = try withoutGradients { try decoder.hiddenStates(decoder.embed([ids]), cache: cache) }
        #expect(try hidden.isAllFinite())
    }

    /// A layer's cache holds as many positions as its largest head keeps. Results are those of a cache with all.
    @Test func layersHoldOnlyKeptPositions() throws {
        let decoder = fixture.decoder
        let (layers, heads, count) = (2, fixture.values.heads, 9)
        // The first layer's heads keep 2 and 4 positions, the second's 9 and fewer.
        func keeps(_ layer: Int, _ head: Int) -> Int { layer == 0 ? (head == 0 ? 2 : 4) : 9 - head }
        func context(_ blank: Float) throws -> KeyValueCache {
            let rows = try Tensor(
                (0..<count * decoder.keyValueSize).map { Float(($0 * 7919) % 101) / 101 - 0.5 },
                shape: [1, count, decoder.keyValueSize])
            var bias: [Float] = []
            for layer in 0..<layers {
                for head in 0..<heads {
                    let kept = keeps(layer, head)
                    bias += (0..<count).map { $0 < count - kept ? blank : Float($0) / 10 }
                }
            }
            let cache = try decoder.emptyContext(.keysAndValues)
            try decoder.append(rows, to: cache, bias: Tensor(bias, shape: [1, layers, heads, count]))
            return cache
        }
        try withoutGradients {
            let (short, whole) = (try context(-.infinity), try context(-1e30))
            #expect(short.count == whole.count)
            func held(_ cache: KeyValueCache) -> [Int] { cache.storages.suffix(2 * layers).map { $0.size(2) } }
            #expect(held(short) == [4, 4, 9, 9] && held(whole) == [9, 9, 9, 9])
            let ids = Array(fixture.values.document.prefix(5))
            func states(_ cache: KeyValueCache) throws -> [Float] {
                try decoder.hiddenStates(decoder.embed([ids]), cache: cache).array()
            }
            func compare() throws {
                for (one, other) in zip(try states(short), try states(whole)) { #expect(abs(one - other) < 1e-4) }
            }
            try compare()
            // Again after truncation: behind the vectors, among them, and before all that the first layer holds.
            for length in [10, 8, 5] {
                for cache in [short, whole] { cache.truncate(to: length) }
                try compare()
            }
        }
    }

    /// A position's worth combines attention, value length, key and value by powers and directions.
    @Test func worthFollowsPowersAndDirections() throws {
        let ids = Array(fixture.values.document.prefix(20))
        let decoder = fixture.decoder
        let size = decoder.configuration.headSize
        let count = 2 * fixture.values.heads
        func kept(_ selection: HeadSelection) throws -> [Float] {
            try Compressor.attended(for: decoder, scheme(selection, vectors: 4)).compress(ids).values.array()
        }
        let alike = Array(repeating: 1, count: count)
        let usual = try kept(HeadSelection(shares: alike))
        let zeros = [Float](repeating: 0, count: count * 2 * size)
        #expect(try kept(HeadSelection(shares: alike, directions: zeros)) == usual)
        // In the last head the worth is one element of the value: the greatest values come first.
        var directions = zeros
        directions[((count - 1) * 2 + 1) * size + 3] = 5
        let chosen = try kept(
            HeadSelection(
                shares: alike, attentionPowers: alike.map { _ in 0 }, valuePowers: alike.map { _ in 0 },
                directions: directions))
        let entries = try Tensor(chosen, shape: [4, count, 2, size])
        let found = try (0..<4).map { try entries[$0][count - 1][1][3].item() }
        let all = try Compressor.attended(for: decoder, scheme(nil, vectors: 20)).compress(ids)
        let values = try all.values.reshaped([20, 2, 2, fixture.values.heads, size])
        let wanted = try (0..<20).map { try values[$0][1][1][fixture.values.heads - 1][3].item() }
        #expect(found == Array(wanted.sorted(by: >).prefix(4)))
        // Weights are added to the scores of a head's kept positions.
        func read(_ weight: Float) throws -> [Float] {
            let selection = try HeadSelection(shares: alike, logWeights: alike.map { _ in weight })
            let compressor = try Compressor.attended(for: decoder, scheme(selection, vectors: 4))
            return try withoutGradients {
                let cache = try compressor.context(compressor.compress(ids), adapters: .none)
                return try decoder.hiddenStates(decoder.embed([Array(ids.prefix(4))]), cache: cache).array()
            }
        }
        #expect(try read(0) != read(0.5) && read(0.5) == read(0.5))
    }

    /// A selection is part of a scheme's name but not of its encoding, and is refused for other methods.
    @Test func selectionsInSchemes() throws {
        let shares = try HeadSelection(shares: [3, 1, 2])
        let (with, without) = (scheme(shares), scheme(nil))
        #expect(without.description == "independent-20-5-keys-and-values-attended-summaries")
        #expect(with.description == without.description + "-selected" && with != without)
        // A selection is stored in a separate file.
        let decoded = try JSONDecoder().decode(CompressionScheme.self, from: JSONEncoder().encode(with))
        #expect(decoded == without)
        #expect(try decoded.selecting(shares) == with)
        let (one, other) = (with.reading(), without.reading())
        #expect(one.selection == shares && one.positions(of: 10) == 15 && one.vectors(in: 15) == 10)
        #expect(other.positions(of: 10) == 10 && other.vectors(in: 15) == 15)
        // A token of text takes one place, whatever a vector takes.
        var budget = ContextBudget(positions: 30)
        #expect(budget.vectors(beside: 12) == (18, 18))
        budget.window = .init(places: 30, reading: one)
        #expect(budget.vectors(beside: 12) == (18, 12) && budget.vectors(beside: 30) == (0, 0))
        budget.window = .init(places: 60, reading: one)
        #expect(budget.vectors(beside: 12) == (18, 18))
        #expect(throws: ModelError.self) {
            try CompressionMethod(
                form: .keysAndValues, summaryInput: .picked, adapterScope: .compressing, selection: shares)
        }
        let decoder = fixture.decoder
        #expect(throws: ModelError.self) {
            _ = try Compressor.attended(for: decoder, with).compress(Array(fixture.values.document.prefix(20)))
        }
    }
}

extension CompressorFixture.Values {
    /// Number of heads in each layer
    fileprivate var heads: Int { 4 }
}

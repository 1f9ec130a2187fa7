import LLoCOCheckpoints
import LLoCOModels
import LLoCOTorch
import Testing

/// The positions that a text's own queries attend to most.
@Suite struct AttendedPositionsTests {
    let tiny: TinyModel
    let model: Llama

    init() throws {
        tiny = try TinyModel()
        model = try tiny.load()
    }

    /// The selection matches the reference's, for any number of forward passes over the text.
    @Test(arguments: [[40], [16, 24], [20, 8, 12]], [0, 3])
    func selectionMatchesTheReference(_ pieces: [Int], _ before: Int) throws {
        let ids = tiny.ids(before + 40)
        let cache = KeyValueCache(layerCount: model.configuration.layerCount)
        let queries = QueryRecord(model)
        let (chosen, all) = try withoutGradients {
            if before > 0 { _ = try model.hiddenStates(model.embed(Array(ids[..<before])), cache: cache) }
            var start = before
            for count in pieces {
                _ = try model.hiddenStates(
                    model.embed(Array(ids[start..<start + count])), cache: cache, last: 0, queries: queries)
                start += count
            }
            return (
                try model.attendedKeysAndValues(of: cache, last: 40, queries: queries, kept: 5).rows[0],
                try model.keysAndValues(of: cache, last: 40)[0]
            )
        }
        #expect(chosen.shape == [5, model.keyValueSize])
        let (heads, size) = (model.configuration.keyValueHeadCount, model.configuration.headSize)
        let shape = [-1, model.configuration.layerCount, 2, heads, size]
        let (own, given) = (try chosen.reshaped(shape), try all.reshaped(shape))
        let places = try ReferenceLlama(tiny).attended(ids, from: before, kept: 5)
        var differ: Set<[Int]> = []
        for (layer, byHead) in places.enumerated() {
            for (head, expected) in byHead.enumerated() {
                func part(_ row: Tensor) throws -> Tensor { try row[layer].selected(1, head) }
                for (row, place) in expected.enumerated() {
                    #expect(
                        try part(own[row]).contiguous().bytes() == part(given[place]).contiguous().bytes(),
                        "layer \(layer), head \(head), place \(place)")
                }
                differ.insert(expected)
            }
        }
        #expect(differ.count > 1)
    }

    @Test func faults() throws {
        let cache = KeyValueCache(layerCount: model.configuration.layerCount)
        let queries = QueryRecord(model)
        _ = try withoutGradients {
            try model.hiddenStates(model.embed(tiny.ids(12)), cache: cache, queries: queries)
        }
        for (count, kept) in [(12, 0), (12, 13), (11, 3), (13, 3)] {
            #expect(throws: ModelError.self) {
                try model.attendedKeysAndValues(of: cache, last: count, queries: queries, kept: kept)
            }
        }
    }
}

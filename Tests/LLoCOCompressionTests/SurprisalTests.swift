import LLoCOCompression
import LLoCOModelTestSupport
import LLoCOModels
import Testing

/// The surprisal of a text's tokens.
@Suite struct SurprisalTests {
    @Test func valuesAddUpToTheTextsLoss() throws {
        let fixture = try CompressorFixture()
        // More tokens than one chunk of logits.
        let ids = (0..<300).map { fixture.values.document[$0 % 60] }
        let values = try Surprisal.values(of: ids, fixture.decoder)
        #expect(values.count == 300 && values[0] == 0)
        let whole = try fixture.model.negativeLogLikelihood(of: ids)
        #expect(relativeError(values.reduce(0) { $0 + Double($1) }, whole) < referenceTolerance)
        let first = try fixture.model.negativeLogLikelihood(of: Array(ids[0..<2]))
        #expect(relativeError(Double(values[1]), first) < referenceTolerance)
        #expect(try Surprisal.values(of: [7], fixture.decoder) == [0])
        #expect(try Surprisal.values(of: [], fixture.decoder) == [])
    }

    @Test func greatestValuesAreInTextOrder() {
        #expect(Surprisal.greatest(3, of: [0, 5, 1, 9, 5, 2]) == [1, 3, 4])
        #expect(Surprisal.greatest(2, of: [4, 4, 4]) == [0, 1])
        #expect(Surprisal.greatest(9, of: [1, 2]) == [0, 1])
        #expect(Surprisal.greatest(0, of: [1, 2]) == [])
    }
}

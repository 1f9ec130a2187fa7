import LLoCODataSets
import Testing

@Suite struct StringMatchTests {
    private struct Case: Decodable {
        var prediction: String
        var references: [String]
        var all, any: Double
    }

    /// Scores agree with RULER's rules in Python.
    @Test func reference() throws {
        let cases: [Case] = try MetricFixture.read("metrics_ruler")
        #expect(cases.count { $0.all > 0 && $0.all < 1 } > 20 && cases.count { $0.all == 1 } > 10)
        for item in cases {
            let (prediction, references) = (item.prediction, item.references)
            #expect(abs(StringMatch.all(prediction: prediction, references: references) - item.all) < 1e-9, "\(item)")
            #expect(StringMatch.any(prediction: prediction, references: references) == item.any, "\(item)")
        }
    }

    /// Without references the score is 0; an empty reference is in every answer.
    @Test func edges() {
        #expect(StringMatch.all(prediction: "x", references: []) == 0)
        #expect(StringMatch.any(prediction: "x", references: []) == 0)
        #expect(StringMatch.all(prediction: "", references: ["", "x"]) == 0.5)
        #expect(StringMatch.any(prediction: "the number 74219", references: ["7421"]) == 1)
        #expect(StringMatch.any(prediction: "cafe\u{301}", references: ["caf\u{E9}"]) == 0)
    }
}

import LLoCODataSets
import Testing

@Suite struct SequenceSimilarityTests {
    private struct Case: Decodable {
        var a, b: String
        var ratio: Double
        var percent: Int

        init(from decoder: any Decoder) throws {
            var row = try decoder.unkeyedContainer()
            a = try row.decode(String.self)
            b = try row.decode(String.self)
            ratio = try row.decode(Double.self)
            percent = try row.decode(Int.self)
        }
    }

    /// Ratios are difflib's and whole percents fuzzywuzzy's.
    @Test func reference() throws {
        let cases: [Case] = try MetricFixture.read("metrics_similarity")
        #expect(cases.count >= 100)
        #expect(cases.count { $0.b.unicodeScalars.count >= 200 } > 20)
        #expect(cases.count { $0.ratio > 0.1 && $0.ratio < 0.9 } > 20)
        for item in cases {
            #expect(abs(SequenceSimilarity.ratio(item.a, item.b) - item.ratio) < 1e-9, "\(item)")
            #expect(SequenceSimilarity.percent(item.a, item.b) == item.percent, "\(item)")
        }
    }

    /// Halves of a percent go to the even one, and empty strings are alike only with each other.
    @Test func edges() {
        // 2 x 1 of 16 scalars: 12.5 %.
        #expect(SequenceSimilarity.percent("a", "abcdefghijklmno") == 12)
        // 2 x 3 of 16: 37.5 %.
        #expect(SequenceSimilarity.percent("abc", "abcdefghijklm") == 38)
        #expect(SequenceSimilarity.percent("", "") == 100)
        #expect(SequenceSimilarity.percent("", "a") == 0)
        #expect(SequenceSimilarity.ratio("", "") == 1)
        #expect(SequenceSimilarity.ratio("", "a") == 0)
        // Equivalent for Unicode, different for Python.
        #expect(SequenceSimilarity.percent("\u{E9}", "e\u{301}") == 0)
    }

    /// A scalar that makes up more than 1 % of 200 begins no block.
    @Test func frequentScalars() {
        let frequent = "b" + String(repeating: "a", count: 198)
        #expect(SequenceSimilarity.ratio("aaa", frequent) == 2 * 3.0 / 202)
        #expect(SequenceSimilarity.ratio("aaa", frequent + "a") == 0)
        // It goes on with one, and at the beginning of both there need not be a block to go on with.
        #expect(SequenceSimilarity.ratio("aaac", frequent + "ac") == 2 * 4.0 / 205)
        #expect(SequenceSimilarity.ratio("aaa", String(repeating: "a", count: 200)) == 2 * 3.0 / 203)
    }
}

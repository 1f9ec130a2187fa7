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

    /// Ratios agree with difflib, and percentages with fuzzywuzzy.
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

    /// Half percents round to even; an empty string is similar only to another one.
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

    /// A scalar that makes up more than 1 % of at least 200 scalars begins no block.
    @Test func frequentScalars() {
        let frequent = "b" + String(repeating: "a", count: 198)
        #expect(SequenceSimilarity.ratio("aaa", frequent) == 2 * 3.0 / 202)
        #expect(SequenceSimilarity.ratio("aaa", frequent + "a") == 0)
        // Such a scalar can extend a block, and a common beginning needs no block.
        #expect(SequenceSimilarity.ratio("aaac", frequent + "ac") == 2 * 4.0 / 205)
        #expect(SequenceSimilarity.ratio("aaa", String(repeating: "a", count: 200)) == 2 * 3.0 / 203)
    }
}

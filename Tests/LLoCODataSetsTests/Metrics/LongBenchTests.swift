import LLoCODataSets
import Testing

/// LongBench's scores.
@Suite struct LongBenchTests {
    private struct Case: Decodable {
        var task, prediction, reference: String
        var classes: [String]
        var score: Double

        var found: Double? {
            switch task {
            case "rouge": LongBenchROUGE.score(prediction: prediction, reference: reference)
            case "code": LongBench.codeSimilarity(prediction: prediction, reference: reference)
            case "classification":
                LongBench.classification(prediction: prediction, reference: reference, classes: classes)
            case "retrieval": LongBench.retrieval(prediction: prediction, reference: reference)
            case "count": LongBench.count(prediction: prediction, reference: reference)
            default: nil
            }
        }
    }

    /// Every task's score agrees with the public Python scores.
    @Test func reference() throws {
        let cases: [Case] = try MetricFixture.read("metrics_longbench")
        let counts = ["rouge": 120, "code": 80, "classification": 80, "retrieval": 70, "count": 70]
        for (task, count) in counts {
            let cases = cases.filter { $0.task == task }
            #expect(cases.count == count)
            // The cases cover no, partial and full agreement.
            #expect(cases.count { $0.score == 0 } > 4 && cases.count { $0.score > 0.999 } > 4, "\(task)")
            #expect(cases.count { $0.score > 0 && $0.score < 0.999 } > 9, "\(task)")
            for item in cases {
                let found = try #require(item.found)
                #expect(
                    abs(found - item.score) < 1e-9, "\(task): \(item.prediction.debugDescription) \(item.reference)")
            }
        }
    }

    /// The first line is the first non-empty line.
    @Test func firstLine() {
        #expect(LongBench.firstLine("\n\nlocation\nQuestion: x") == "location")
        #expect(LongBench.firstLine("location") == "location")
        #expect(LongBench.firstLine(" \nx") == " ")
        #expect(LongBench.firstLine("a\r\nb") == "a\r")
        #expect(LongBench.firstLine("\n") == "")
    }

    /// A reference without a paragraph's number scores 0.
    @Test func retrieval() {
        #expect(LongBench.retrieval(prediction: "7", reference: "Paragraph seven") == 0)
        #expect(LongBench.retrieval(prediction: "", reference: "") == 0)
        #expect(LongBench.retrieval(prediction: "Paragraph 7 or 8", reference: "Paragraph 7") == 0.5)
    }

    /// LongBench's ROUGE-L compares sets of words, so it differs from rouge-score's.
    @Test func rouge() {
        let score = LongBenchROUGE.score(prediction: "a a a b", reference: "a b")
        #expect(abs(score - 1) < 1e-7 && score < 1)
        #expect(ROUGE().score(prediction: "a a a b", references: ["a b"]).rougeL == 2.0 / 3)
        #expect(LongBenchROUGE.score(prediction: "Cat", reference: "cat") == 0)
        #expect(LongBenchROUGE.score(prediction: "...", reference: "cat") == 0)
        #expect(LongBenchROUGE.score(prediction: "", reference: "") == 0)
    }

    /// LooGLE's figure is the recall: two of the reference's four words are in the answer, in order.
    @Test func rougeRecall() {
        #expect(LongBenchROUGE.recall(prediction: "a x b and more", reference: "a b c d") == 0.5)
        #expect(LongBenchROUGE.recall(prediction: "a b c d e", reference: "a b c d") == 1)
        #expect(LongBenchROUGE.recall(prediction: "...", reference: "a b") == 0)
        // LooGLE's script replaces an empty answer by a word.
        #expect(LongBenchROUGE.recall(prediction: "", reference: "None of these") == 1.0 / 3)
    }
}

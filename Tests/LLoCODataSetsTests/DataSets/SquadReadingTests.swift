import LLoCOBase
import LLoCODataSets
import Testing

/// Reading SQuAD, and scoring as in its scripts.
@Suite struct SquadReadingTests {
    /// 2.0: one document per paragraph, and unanswerable questions with the word for them.
    @Test func version2() throws {
        let set = try DataFiles.read(DataSamples.squad)
        #expect(set.format == .squad && set.malformed.isEmpty)
        #expect(set.documents.map(\.id) == ["Mills-1", "Ponds-1"])
        #expect(set.documents.map(\.text) == ["The mill burnt down in May.", "The pond is deep."])
        let questions = set.documents.flatMap(\.questions)
        #expect(questions.map(\.id) == ["s1", "s2", "s3"])
        #expect(questions.map(\.answers) == [["May", "in May"], ["unanswerable"], ["The pond"]])
        #expect(questions.map { $0.attributes["answerable"] } == ["true", "false", "true"])
        #expect(questions.allSatisfy { $0.metric == .f1 && $0.scorer == .squad2 })
        #expect(questions[1].text.hasPrefix("Who paid for it?\n") && questions[1].text.contains("\"unanswerable\""))
        #expect(questions.map(\.originalText) == ["When did it burn?", "Who paid for it?", "What is deep?"])
    }

    /// 1.1: every question has an answer and an unchanged text.
    @Test func version1() throws {
        let set = try DataFiles.read(DataSamples.squad1)
        let question = EvaluationQuestion(id: "s1", text: "When did it burn?", answers: ["May"], metric: .f1)
        #expect(set.malformed.isEmpty && set.documents.flatMap(\.questions) == [question])
    }

    /// Malformed parts are reported with their position; the rest is read.
    @Test(arguments: [
        (#""is_impossible":true,"answers":[]"#, #""is_impossible":false,"answers":[]"#, "s2", #""answers" holds 0"#),
        (#""is_impossible":true,"answers":[]"#, #""answers":[]"#, "s2", #"answers" is empty"#),
        (#""is_impossible":true"#, #""is_impossible":1"#, "s2", "expected true or false"),
        (#"{"text":"The pond","answer_start":0}"#, #"{"text":""}"#, "s3", #"answers[0].text" is empty"#),
        (#""id":"s2""#, #""id":"s1""#, "s1", "already used"),
        (#""context":"The pond is deep.""#, #""context":7"#, "Ponds-1", #""paragraphs[0].context" is a number"#),
    ])
    func malformed(part: String, other: String, record: String, message: String) throws {
        let set = try DataFiles.read(DataSamples.squad.replacing(part, with: other))
        #expect(set.questionCount == 2 && set.malformed.map(\.record) == [record], "\(set.malformed)")
        #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
    }

    @Test func articles() throws {
        let text = DataSamples.squad.replacing(#""title":"Ponds","paragraphs":["#, with: #""title":"Ponds","pages":["#)
        let set = try DataFiles.read(text)
        #expect(set.questionCount == 2 && set.malformed.count == 1)
        #expect(
            DataFiles.fault(#"{"data":[]}"#, as: .squad)?.reason.contains("no question of the format squad") == true)
        #expect(DataFiles.fault(#"{"data":[7]}"#, as: .squad)?.reason.contains("expected a JSON object") == true)
    }

    private func scores(_ prediction: String, _ answers: [String]) -> [Metric: Double] {
        EvaluationQuestion(id: "q", text: "?", answers: answers, metric: .f1, scorer: .squad2).scores(of: prediction)
    }

    /// An empty answer, or the requested word, is correct for unanswerable questions only.
    @Test func noAnswer() {
        for prediction in ["", "unanswerable", "Unanswerable.", "the unanswerable", " "] {
            let right = scores(prediction, ["unanswerable"])
            #expect(right[.f1] == 1 && right[.em] == 1, "\(prediction)")
            #expect(right[.noAnswerF1] == 1 && right[.noAnswerEM] == 1)
            #expect(right[.hasAnswerF1] == nil && right[.hasAnswerEM] == nil)
            let wrong = scores(prediction, ["May"])
            #expect(wrong[.f1] == 0 && wrong[.em] == 0 && wrong[.hasAnswerF1] == 0 && wrong[.hasAnswerEM] == 0)
            #expect(wrong[.noAnswerF1] == nil && wrong[.noAnswerEM] == nil)
        }
        let said = scores("In May", ["unanswerable"])
        #expect(said[.f1] == 0 && said[.noAnswerF1] == 0 && said[.noAnswerEM] == 0)
        // "is unanswerable here" is an answer of three words.
        #expect(scores("It is unanswerable here", ["unanswerable"])[.f1] == 0)
    }

    /// Answers are scored as in 1.1; a reference that normalizes to nothing does not count beside another one.
    @Test func answers() {
        let some = scores("in May 1897", ["June", "in May"])
        #expect(abs((some[.f1] ?? 0) - 0.8) < 1e-12 && some[.em] == 0 && some[.hasAnswerF1] == some[.f1])
        #expect(scores("the May", ["May"])[.hasAnswerEM] == 1)
        #expect(scores("", ["the", "May"])[.f1] == 0)
        #expect(scores("", ["the"])[.noAnswerF1] == 1)
    }
}

import LLoCOBase
import LLoCODataSets
import Testing

/// Reading L-Eval.
@Suite struct LEvalReadingTests {
    private func line(_ source: String, _ evaluation: String) -> String {
        DataSamples.leval.replacing("quality_own", with: source).replacing(#""exam""#, with: "\"\(evaluation)\"")
    }

    @Test func choices() throws {
        let set = try DataFiles.read(DataSamples.leval)
        #expect(set.format == .leval && set.malformed.isEmpty && set.documents.count == 1)
        #expect(set.documents[0].text == "The mill burnt. The river rose.")
        let questions = set.documents[0].questions
        #expect(questions.map(\.answers) == [["(A) A mill"], ["(B) The river"]])
        #expect(questions[0].text == "What burnt?\n(A) A mill\n(B) A boat\nAnswer with the letter alone.")
        #expect(questions.allSatisfy { $0.metric == .levalExam && $0.scorer == .levalChoice && $0.answerTokens == 512 })
        #expect(questions.allSatisfy { $0.attributes == ["task": "quality"] })
        #expect(questions[0].originalText == "What burnt?\n(A) A mill\n(B) A boat")
        #expect(questions[1].scores(of: "B")[.levalExam] == 1 && questions[1].scores(of: "A")[.levalExam] == 0)
    }

    /// The task comes from the file's name, else from the source; other lines are scored by their `evaluation`.
    @Test(arguments: [
        ("own", "coursera.jsonl", "exam", Metric.levalExam, Scorer.levalChoices),
        ("tpo", "data", "exam", .levalExam, .levalChoice), ("gsm8k", "data", "exam", .levalExam, .levalNumber),
        ("own", "leval-codeU.jsonl", "exam", .levalExam, .levalCode),
        ("topic", "topic_retrieval_longchat.jsonl", "exam", .levalExam, .levalText),
        ("scientific_qa", "data", "f1", .f1, .standard), ("news", "data", "rouge", .rougeGeometricMean, .standard),
        ("news", "data", "ROUGE", .rougeGeometricMean, .standard),
    ])
    func tasks(source: String, file: String, evaluation: String, metric: Metric, scorer: Scorer) throws {
        let set = try DataFiles.read(line(source, evaluation), name: file)
        let question = try #require(set.documents.first?.questions.first)
        #expect(question.metric == metric && question.scorer == scorer)
        // The question states the reference's length, except for exams.
        #expect(question.text.contains("3 words") == (metric != .levalExam))
    }

    /// An exam without a known task is scored as in L-Eval's script, with a single remark.
    @Test func examsWithoutATaskAreScoredAsTexts() throws {
        let set = try DataFiles.read(line("own", "exam") + "\n" + line("mine", "exam") + "\n" + line("own", "f1"))
        #expect(set.documents.flatMap(\.questions).map(\.scorer).filter { $0 == .levalText }.count == 4)
        #expect(set.remarks.count == 1 && set.remarks.first?.contains("own-1: neither the file's name nor") == true)
        for source in ["topic_retrieval", "quality_raw"] {
            #expect(try DataFiles.read(line(source, "exam")).remarks == [])
        }
        #expect(try DataFiles.read(line("own", "f1")).remarks == [])
    }

    /// A given task takes precedence over the file's name and the source.
    @Test func givenTask() throws {
        var options = EvaluationSet.ReadingOptions()
        for (task, scorer) in [("gsm100", Scorer.levalNumber), ("topic_retrieval_longchat", .levalText)] {
            options.task = task
            let set = try DataFiles.read(DataSamples.leval, name: "tpo.jsonl", options: options)
            #expect(set.documents[0].questions.allSatisfy { $0.scorer == scorer && $0.attributes["task"] == task })
            #expect(set.remarks == [])
        }
    }

    @Test(arguments: [
        ("own", "LLM", "another model"), ("own", "human", "people"), ("own", "bleu", "expected exam, f1, rouge"),
        ("sci_fi", "exam", "sci_fi, which is not supported"),
        ("SFGram", "exam", "sci_fi, which is not supported"),
    ])
    func refused(source: String, evaluation: String, message: String) throws {
        let set = try DataFiles.read(DataSamples.leval + "\n" + line(source, evaluation))
        #expect(set.questionCount == 2 && set.malformed.map(\.line) == [2])
        #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
    }

    @Test(arguments: [
        (#""outputs":["(A) A mill","(B) The river"]"#, #""outputs":["x"]"#, "holds 1 references; expected 2"),
        (#""outputs":["(A) A mill","(B) The river"]"#, #""outputs":["x",7]"#, #""outputs[1]" is a number"#),
        (#""input":"The mill burnt. The river rose.""#, #""input":"""#, #""input" is empty"#),
        (#","evaluation":"exam""#, "", #""evaluation" is missing"#),
    ])
    func malformed(part: String, other: String, message: String) throws {
        let set = try DataFiles.read(
            DataSamples.leval + "\n" + DataSamples.leval.replacing(part, with: other).replacing("\n", with: " "))
        #expect(set.malformed.map(\.line) == [2] && set.questionCount == 2)
        #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
    }
}

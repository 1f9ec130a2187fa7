import LLoCOBase
import LLoCODataSets
import Testing

/// Reading LongBench v1.
@Suite struct LongBenchReadingTests {
    /// A line's question, references, measure and attributes.
    @Test func line() throws {
        let set = try DataFiles.read(DataSamples.longbench)
        #expect(set.format == .longbench && set.malformed.isEmpty)
        #expect(set.documents.map(\.text) == ["The crow sings."])
        let question = try #require(set.documents.first?.questions.first)
        #expect(question.id == "lb1" && question.metric == .f1 && question.classes.isEmpty)
        #expect(question.text.hasSuffix("\n\nQuestion: Who sings?"))
        #expect(question.answers == ["The crow", "A crow"])
        #expect(question.attributes == ["task": "multifieldqa_en", "length": "3", "language": "en"])
    }

    /// Each task has its published measure.
    @Test(arguments: [
        ("narrativeqa", Metric.f1), ("qasper", .f1), ("multifieldqa_en", .f1), ("hotpotqa", .f1),
        ("2wikimqa", .f1), ("musique", .f1), ("triviaqa", .f1), ("gov_report", .longbenchRougeL),
        ("qmsum", .longbenchRougeL), ("multi_news", .longbenchRougeL), ("samsum", .longbenchRougeL),
        ("trec", .classification), ("passage_count", .count), ("passage_retrieval_en", .retrieval),
        ("lcc", .codeSimilarity), ("repobench-p", .codeSimilarity), ("hotpotqa_e", .f1), ("lcc_e", .codeSimilarity),
    ])
    func metrics(task: String, metric: Metric) throws {
        let line = DataSamples.longbench.replacing("multifieldqa_en", with: task)
            .replacing(#""all_classes":null"#, with: #""all_classes":["Date","City"]"#)
        let question = try #require(try DataFiles.read(line).documents.first?.questions.first)
        #expect(question.metric == metric)
        #expect(question.attributes["task"] == (task.hasSuffix("_e") ? String(task.dropLast(2)) : task))
        #expect(question.classes == (metric == .classification ? ["Date", "City"] : []))
    }

    /// Answers are as long as published.
    @Test(arguments: [("qmsum", 512), ("narrativeqa", 128), ("lcc", 64), ("musique", 32)])
    func answerTokens(task: String, tokens: Int) throws {
        var set = try DataFiles.read(DataSamples.longbench.replacing("multifieldqa_en", with: task))
        #expect(set.answerTokens == [task: tokens])
        set.limitAnswers(to: 7)
        #expect(set.documents[0].questions[0].answerTokens == 7)
    }

    /// A task without an input is asked by its instruction alone.
    @Test func withoutInput() throws {
        let line = DataSamples.longbench.replacing("multifieldqa_en", with: "passage_count")
            .replacing("Who sings?", with: "")
        let question = try #require(try DataFiles.read(line).documents.first?.questions.first)
        #expect(!question.text.isEmpty && !question.text.contains("\n\n"))
    }

    /// The file's name tells the task of lines that do not, and lines without an id get one.
    @Test func named() throws {
        let line = DataSamples.longbench.replacing(#""dataset":"multifieldqa_en","#, with: "")
            .replacing(#","_id":"lb1""#, with: "")
        let set = try DataFiles.read(line + "\n" + line.replacing("Who", with: "What"), name: "qasper_e.jsonl")
        #expect(set.documents.count == 1)
        #expect(set.documents[0].questions.map(\.id) == ["qasper-1", "qasper-2"])
        var options = EvaluationSet.ReadingOptions()
        options.task = "hotpotqa"
        let given = try DataFiles.read(line, options: options)
        #expect(given.documents[0].questions[0].attributes["task"] == "hotpotqa")
        let fault = DataFiles.fault(line)
        #expect(fault?.line == 1 && fault?.reason.contains(#""dataset" is missing"#) == true)
    }

    /// Chinese tasks are refused by name, not scored wrongly.
    @Test(arguments: ["multifieldqa_zh", "dureader", "vcsum", "lsht", "passage_retrieval_zh"])
    func chinese(task: String) throws {
        let line = DataSamples.longbench.replacing("multifieldqa_en", with: task).replacing("lb1", with: "z")
        let set = try DataFiles.read(DataSamples.longbench + "\n" + line)
        #expect(set.questionCount == 1)
        let record = try #require(set.malformed.first)
        #expect(record.line == 2 && record.record == "z")
        #expect(record.reason.contains(task) && record.reason.contains("not supported"))
    }

    /// Malformed lines.
    @Test(arguments: [
        (#""dataset":"other","_id":"x""#, #""dataset" is "other""#),
        (#""dataset":"trec","_id":"x""#, #""all_classes" holds no class"#),
        (#""dataset":"trec","all_classes":"Date","_id":"x""#, #""all_classes" is a string"#),
        (#""dataset":"qasper","_id":"lb1""#, #"id "lb1" is already used"#),
    ])
    func malformed(fields: String, message: String) throws {
        let line = #"{"input":"q","context":"c","answers":["a"],\#(fields)}"#
        let set = try DataFiles.read(DataSamples.longbench + "\n" + line)
        #expect(set.questionCount == 1 && set.malformed.count == 1)
        #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
    }
}

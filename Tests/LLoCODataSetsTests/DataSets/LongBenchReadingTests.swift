import LLoCOBase
import LLoCODataSets
import LLoCOTokenizers
import Testing

/// Reading LongBench v1.
@Suite struct LongBenchReadingTests {
    /// A line gives the question, references, metric and attributes.
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

    /// Each task has its published metric.
    @Test(arguments: [
        ("narrativeqa", Metric.f1), ("qasper", .f1), ("multifieldqa_en", .f1), ("hotpotqa", .f1),
        ("2wikimqa", .f1), ("musique", .f1), ("triviaqa", .f1), ("gov_report", .longbenchRougeL),
        ("qmsum", .longbenchRougeL), ("multi_news", .longbenchRougeL), ("samsum", .longbenchRougeL),
        ("trec", .classification), ("passage_count", .count), ("passage_retrieval_en", .retrieval),
        ("lcc", .codeSimilarity), ("repobench-p", .codeSimilarity), ("hotpotqa_e", .f1), ("lcc_e", .codeSimilarity),
        ("lsht", .classification), ("passage_retrieval_zh", .retrieval),
    ])
    func metrics(task: String, metric: Metric) throws {
        let line = DataSamples.longbench.replacing("multifieldqa_en", with: task)
            .replacing(#""all_classes":null"#, with: #""all_classes":["Date","City"]"#)
        let question = try #require(try DataFiles.read(line).documents.first?.questions.first)
        #expect(question.metric == metric)
        #expect(question.attributes["task"] == (task.hasSuffix("_e") ? String(task.dropLast(2)) : task))
        #expect(question.classes == (metric == .classification ? ["Date", "City"] : []))
    }

    /// Answer limits are the published ones.
    @Test(arguments: [("qmsum", 512), ("narrativeqa", 128), ("lcc", 64), ("musique", 32)])
    func answerTokens(task: String, tokens: Int) throws {
        var set = try DataFiles.read(DataSamples.longbench.replacing("multifieldqa_en", with: task))
        #expect(set.answerTokens == [task: tokens])
        set.limitAnswers(to: 7)
        #expect(set.documents[0].questions[0].answerTokens == 7)
    }

    /// Tasks that continue examples or code use no chat template.
    @Test(arguments: [
        ("trec", "\nWho sings?"), ("triviaqa", "\n\nWho sings?"), ("samsum", "\n\nWho sings?"),
        ("lsht", "\nWho sings?"),
        ("lcc", "Who sings?Next line:\n"), ("repobench-p", "Who sings?Next line:\n"), ("trec_e", "\nWho sings?"),
    ])
    func continuationTasks(task: String, text: String) throws {
        let line = DataSamples.longbench.replacing("multifieldqa_en", with: task)
            .replacing(#""all_classes":null"#, with: #""all_classes":["Date","City"]"#)
        let set = try DataFiles.read(line)
        let question = try #require(set.documents.first?.questions.first)
        #expect(question.text == text)
        guard case .continuation(let opening) = question.form else {
            Issue.record("\(task) is a chat turn")
            return
        }
        #expect(opening.hasSuffix("\n\n") && opening.count > 10)
        // The answers depend on the form, so the digest does too.
        var asked = set
        asked.documents[0].questions[0].form = .chat
        #expect(asked.digest != set.digest)
    }

    /// All other tasks are chat chatTasks.
    @Test(arguments: [
        "narrativeqa", "qasper", "multifieldqa_en", "hotpotqa", "2wikimqa", "musique", "gov_report", "qmsum",
        "multi_news", "passage_count", "passage_retrieval_en", "passage_retrieval_zh",
    ])
    func chatTasks(task: String) throws {
        let set = try DataFiles.read(DataSamples.longbench.replacing("multifieldqa_en", with: task))
        #expect(set.documents[0].questions[0].form == .chat)
    }

    /// The two Chinese tasks whose metrics need no word segmentation: numbers and class names.
    @Test func chineseTasksWithoutWordSegmentation() throws {
        let retrieval = DataSamples.longbench.replacing("multifieldqa_en", with: "passage_retrieval_zh")
            .replacing(#"["The crow","A crow"]"#, with: #"["段落7"]"#)
        let number = try #require(try DataFiles.read(retrieval).documents.first?.questions.first)
        #expect(number.scores(of: "段落7")[.retrieval] == 1)
        #expect(number.scores(of: "段落7，段落3")[.retrieval] == 0.5)
        #expect(number.scores(of: "段落17")[.retrieval] == 0)
        let news = DataSamples.longbench.replacing("multifieldqa_en", with: "lsht")
            .replacing(#"["The crow","A crow"]"#, with: #"["教育"]"#)
            .replacing(#""all_classes":null"#, with: #""all_classes":["军事","教育"]"#)
        let classes = try #require(try DataFiles.read(news).documents.first?.questions.first)
        #expect(classes.scores(of: "教育\n新闻内容：军事")[.classification] == 1)
        #expect(classes.scores(of: "教育、军事")[.classification] == 0.5)
        #expect(classes.scores(of: "军事")[.classification] == 0)
    }

    /// The question of a task without an input is only its instruction.
    @Test func withoutInput() throws {
        let line = DataSamples.longbench.replacing("multifieldqa_en", with: "passage_count")
            .replacing("Who sings?", with: "")
        let question = try #require(try DataFiles.read(line).documents.first?.questions.first)
        #expect(!question.text.isEmpty && !question.text.contains("\n\n"))
    }

    /// The file's name gives the task of lines without one; lines without an id get one.
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

    /// Chinese tasks whose metrics need word segmentation are refused by name.
    @Test(arguments: ["multifieldqa_zh", "dureader", "vcsum"])
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
        (#""dataset":"trec","_id":"x""#, #""all_classes" is empty"#),
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

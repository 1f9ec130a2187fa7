import LLoCOBase
import LLoCODataSets
import Testing

@Suite struct ScrollsReadingTests {
    private static func line(_ id: String, _ pid: String, _ input: String, _ output: String) -> String {
        #"{"id":"\#(id)","pid":"\#(pid)","input":"\#(input)","output":"\#(output)"}"#
    }

    /// The question is the input's first part; equal ids add references; equal texts make one document.
    @Test func questions() throws {
        let text = #"The dog ran.\n\nThe cat slept."#
        let lines = [
            DataSamples.scrolls, Self.line("sc2", "sc2_0", #"Who slept?\n\n\#(text)"#, "The cat"),
            Self.line("sc1", "sc1_1", #"Who ran?\n\n\#(text)"#, "A dog"),
        ].joined(separator: "\n")
        let set = try DataFiles.read(lines, name: "qasper-validation.jsonl")
        #expect(set.format == .scrolls && set.malformed.isEmpty)
        #expect(set.documents.count == 1 && set.documents[0].text == "The dog ran.\n\nThe cat slept.")
        #expect(set.documents[0].questions.map(\.text) == ["Who ran?", "Who slept?"])
        #expect(set.documents[0].questions.map(\.answers) == [["The dog", "A dog"], ["The cat"]])
        #expect(set.documents[0].questions.allSatisfy { $0.metric == .f1 && $0.attributes == ["task": "qasper"] })
    }

    /// The name of the file or folder gives the task and its metric.
    @Test(arguments: [
        ("gov_report/validation.jsonl", "gov_report", Metric.rougeGeometricMean),
        ("GovReport.jsonl", "gov_report", .rougeGeometricMean),
        ("summ_screen_fd_dev.jsonl", "summ_screen_fd", .rougeGeometricMean),
        ("qmsum/train.jsonl", "qmsum", .rougeGeometricMean),
        ("squality/dev.jsonl", "squality", .rougeGeometricMean),
        ("narrative_qa/test.jsonl", "narrative_qa", .f1), ("narrativeqa.jsonl", "narrative_qa", .f1),
        ("qasper.jsonl", "qasper", .f1), ("contract_nli.jsonl", "contract_nli", .em),
    ])
    func tasks(name: String, task: String, metric: Metric) throws {
        let question = try #require(
            try DataFiles.read(DataSamples.scrolls, name: name).documents.first?.questions.first)
        #expect(question.metric == metric && question.attributes["task"] == task)
        let isLong = ["gov_report", "summ_screen_fd"].contains(task)
        #expect(question.answerTokens == (isLong ? 512 : metric == .rougeGeometricMean ? 256 : 48))
    }

    /// The question of a summary is an instruction, and the whole input is text.
    @Test func summary() throws {
        let set = try DataFiles.read(DataSamples.scrolls, name: "gov_report.jsonl")
        #expect(set.documents[0].text == "Who ran?\n\nThe dog ran.\n\nThe cat slept.")
        #expect(set.documents[0].questions[0].text == "Summarize the report.")
    }

    /// Long inputs are split quickly, whatever their characters.
    @Test func long() throws {
        let text = String(repeating: "é\u{301}e\u{301}\u{1F469}\u{200D}\u{1F680}\\n", count: 60_000)
        let set = try DataFiles.read(Self.line("1", "1_0", #"Où?\n\n\#(text)"#, "x"), name: "qasper")
        #expect(set.documents[0].questions[0].text == "Où?")
        #expect(set.documents[0].text?.utf8.count == text.utf8.count - 60_000)
        let fault = DataFiles.fault(Self.line("1", "1_0", text, "x"), name: "qasper")
        #expect(fault?.reason.contains("no blank line") == true)
    }

    /// A task is required, from the line, the file or the options.
    @Test func filesWithoutATaskAreRefused() throws {
        let fault = DataFiles.fault("\n" + DataSamples.scrolls)
        #expect(fault?.line == 2 && fault?.reason.contains("expected one of gov_report, ") == true)
        #expect(fault?.hint == .nameTask)
        let named = DataSamples.scrolls.replacing(#""pid""#, with: #""dataset":"gov_report","pid""#)
        #expect(try DataFiles.read(named).documents[0].questions[0].metric == .rougeGeometricMean)
        var options = EvaluationSet.ReadingOptions()
        options.task = "contract_nli"
        #expect(try DataFiles.read(DataSamples.scrolls, options: options).documents[0].questions[0].metric == .em)
    }

    /// QuALITY's options are in the input, and the output is the correct option's text.
    @Test func quality() throws {
        let input = #"Who won?\n\n (A) Ann  Lee\n (B) Ben\n (C) Cid\n (D) Dot\n\n\nThe title\n\nBen (A) won."#
        let lines = [
            Self.line("1", "1_0", input, "Ann Lee"),
            Self.line("2", "2_0", input.replacing("won?", with: "lost?"), "Eve"),
        ].joined(separator: "\n")
        let set = try DataFiles.read(lines, name: "quality/validation.jsonl")
        #expect(set.malformed.isEmpty && set.documents.count == 1)
        #expect(set.documents[0].text == "The title\n\nBen (A) won.")
        let question = set.documents[0].questions[0]
        #expect(question.text == "Who won?\n(A) Ann Lee\n(B) Ben\n(C) Cid\n(D) Dot")
        #expect(question.choices == ["Ann Lee", "Ben", "Cid", "Dot"] && question.correctChoice == 0)
        #expect(question.answers == ["Ann Lee"] && question.metric == .em)
        #expect(set.documents[0].questions[1].correctChoice == nil && set.documents[0].questions[1].choices.isEmpty)
        #expect(set.remarks.count == 1 && set.remarks[0].hasPrefix("2: the output is not one of the options"))
    }

    /// Malformed lines.
    @Test(arguments: [
        (line("sc2", "p", "no blank line", "x"), "has no blank line"),
        (line("sc2", "p", #"\n\ntext"#, "x"), "begins with a blank line"),
        (line("sc2", "p", #"q\n\n"#, "x"), "only a question"),
        (line("sc2", "p", #"q\n\nt"#, ""), #""output" is empty"#),
        (#"{"id":"sc2","pid":"p","input":"q\n\nt","output":null}"#, #""output" is null"#),
        (#"{"input":"q\n\nt","output":"x"}"#, #""id" is missing"#),
        (line("sc1", "p", #"other\n\nt"#, "x"), "already used with another input"),
        (line("sc2", "sc1_0", #"q\n\nt"#, "x"), "pids must be unique"),
        (#"{"id":"a","pid":"p","dataset":"tea","input":"q\n\nt","output":"x"}"#, #"unknown task "tea""#),
    ])
    func malformed(line: String, message: String) throws {
        let set = try DataFiles.read(DataSamples.scrolls + "\n" + line, name: "qasper")
        #expect(set.questionCount == 1 && set.documents[0].questions[0].answers == ["The dog"])
        #expect(set.malformed.count == 1 && set.malformed.first?.line == 2)
        #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
    }

    /// Malformed options of QuALITY.
    @Test(arguments: [
        (#"Who? (A) a (B) b (C) c\n\nt"#, "no option (D)"),
        (#"Who? (A) a (B) b (C) c (D) d"#, "no blank line"),
        (#"Who?\n\n(A) a (B)  (C) c (D) d\n\nt"#, "empty question or option"),
        (#"Who?\n\n(A) a (B) b (C) c (D) d\n\n"#, "only a question"),
    ])
    func malformedOptions(input: String, message: String) {
        let fault = DataFiles.fault(Self.line("1", "1", input, "a"), name: "quality.jsonl")
        #expect(fault?.reason.contains(message) == true, "\(String(describing: fault))")
    }
}

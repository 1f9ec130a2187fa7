import Foundation
import LLoCOBase
import LLoCODataSets
import Testing

/// Reading lines that RULER's own scripts have generated.
@Suite struct RulerReadingTests {
    private func question(_ input: String, _ name: String, _ more: String = "") throws -> (String?, EvaluationQuestion)
    {
        let text = input.replacing("\n", with: "\\n")
        let set = try DataFiles.read(
            #"{"index":0,"input":"\#(text)","outputs":["a","b"],"length":9\#(more)}"#, name: name)
        #expect(set.format == .ruler && set.malformed.isEmpty)
        return (set.documents.first?.text, try #require(set.documents.first?.questions.first))
    }

    @Test func needle() throws {
        let set = try DataFiles.read(DataSamples.ruler, name: "ruler-niah_single_1.jsonl")
        #expect(set.format == .ruler && set.malformed.isEmpty)
        let document = try #require(set.documents.first)
        #expect(
            document.text
                == "A special number is hidden below. Remember it.\nThe grass is green.\nThe number of Ulm is 77.\n")
        let question = document.questions[0]
        #expect(question.text == "What is the number of Ulm in the text? The number of Ulm in the text is")
        #expect(question.answers == ["77"] && question.metric == .stringMatch && question.answerTokens == 128)
        #expect(question.id == "niah_single_1-4")
        #expect(question.attributes == ["task": "niah_single_1", "tokens": "40"])
        #expect(question.scores(of: "It is 77.")[.stringMatch] == 1)
    }

    /// Every task has its measure and limit; of question answering the request belongs to the question.
    @Test func tasks() throws {
        for (name, metric, tokens) in [
            ("vt", Metric.stringMatch, 30), ("cwe", .stringMatch, 120), ("fwe", .stringMatch, 50),
            ("qa_1", .stringMatchAny, 32), ("qa_2", .stringMatchAny, 32), ("niah_multiquery", .stringMatch, 128),
        ] {
            let (_, question) = try question("A list.\nQuestion: Which words? Answer: They are: ", name + ".jsonl")
            #expect(question.metric == metric && question.answerTokens == tokens)
            #expect(question.text == "Question: Which words? Answer: They are:")
        }
        let (text, asked) = try question(
            "Answer the question from these.\n\nDocument 1:\nA mill.\n\nAnswer the question from these.\n\nQuestion: What? "
                + "Answer:", "qa_1")
        #expect(text == "Answer the question from these.\n\nDocument 1:\nA mill.\n\n")
        #expect(asked.text == "Answer the question from these.\n\nQuestion: What? Answer:")
        let later = try question("A text.\nWhat is it?", "vt", #","answer_prefix":" It is""#)
        #expect(later.1.text == "What is it? It is")
    }

    /// The folder names the task of a file that does not; `--task` does for both.
    @Test func names() throws {
        let files = try DataFiles()
        let url = try files.write(DataSamples.ruler, to: "4096/data/niah_multikey_3/validation.jsonl")
        let set = try EvaluationSet(contentsOf: url)
        #expect(set.documents[0].questions[0].attributes["task"] == "niah_multikey_3")
        var options = EvaluationSet.ReadingOptions()
        options.task = "cwe"
        let given = try DataFiles.read(DataSamples.ruler, options: options)
        #expect(given.documents[0].questions[0].attributes["task"] == "cwe")
        for name in ["data", "vta.jsonl", "niah_single_12"] {
            let fault = DataFiles.fault(DataSamples.ruler, name: name)
            #expect(fault?.reason.contains("tells the task of RULER") == true && fault?.hint != nil)
        }
    }

    /// What is wrong with a file is said as of any other, where RULER's lines are asked for too.
    @Test func faults() throws {
        let files = try DataFiles()
        func reason(_ bytes: [UInt8]?, _ change: (inout DataFileLimits) -> Void = { _ in }) throws -> String {
            var limits = DataFileLimits()
            change(&limits)
            let url = try bytes.map { try files.write($0, to: "vt.jsonl") } ?? files.folder.appending(path: "missing")
            let error = #expect(throws: JSONLinesError.self) {
                try EvaluationSet(contentsOf: url, format: .ruler, options: .init(), limits: limits)
            }
            return error?.reason ?? ""
        }
        let line = Array(DataSamples.ruler.utf8)
        #expect(try reason(nil).contains("no such file"))
        #expect(try reason([]).contains("the file is empty"))
        #expect(try reason(Array(" \n".utf8)).contains("only white space"))
        #expect(try reason(Array(StoredGzip.member(line).dropLast(3))).contains("ends early"))
        #expect(try reason(line) { $0.bytes = 20 }.contains("more than 20 bytes"))
        for other in [DataSamples.lloco, "tea", #"{"index":1}"#] {
            #expect(try reason(Array(other.utf8)).contains("found no line with the fields"))
        }
    }

    @Test func aTaskThatIsNone() throws {
        var options = EvaluationSet.ReadingOptions()
        options.task = "qa1"
        let error = #expect(throws: JSONLinesError.self) {
            try DataFiles.read(DataSamples.ruler, name: "vt.jsonl", options: options)
        }
        #expect(try #require(error).description.contains("RULER has no task qa1; expected one of niah"))
    }

    @Test(arguments: [
        ("What is it?", "expected a text and a line"), ("A text.\nAnd so on.", #"ends with the line "And so on.""#),
        ("<|im_start|>user\nA text.\nWhat is it?<|im_end|>\n<|im_start|>assistant\n", "chat template"),
        ("[INST] A text.\nWhat is it? [/INST] It is", "chat template"),
        ("USER: A text.\nWhat is it? ASSISTANT: It is", "chat template"), (" \nWhat is it?", "question alone"),
    ])
    func malformed(input: String, message: String) throws {
        let text = input.replacing("\n", with: "\\n")
        let set = try DataFiles.read(
            DataSamples.ruler + "\n" + #"{"index":5,"input":"\#(text)","outputs":["a"]}"#, name: "vt.jsonl")
        #expect(set.questionCount == 1 && set.malformed.map(\.line) == [2])
        #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
    }
}

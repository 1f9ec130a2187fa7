import LLoCOBase
import LLoCODataSets
import Testing

/// Reading LooGLE, whose questions are a Python list.
@Suite struct LooGLEReadingTests {
    private func read(_ pairs: String, name: String = "data") throws -> EvaluationSet {
        let escaped = pairs.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return try DataFiles.read(
            DataSamples.loogle + "\n" + #"{"input":"A text.","title":"T","qa_pairs":"\#(escaped)","output":"None"}"#,
            name: name)
    }

    @Test func line() throws {
        let set = try DataFiles.read(DataSamples.loogle, name: "loogle-shortdep_qa.jsonl")
        #expect(set.format == .loogle && set.malformed.isEmpty)
        #expect(set.documents.map(\.title) == ["Ida"] && set.documents[0].text == "Ida was born in Brelby.")
        let questions = set.documents[0].questions
        #expect(questions.map(\.id) == ["loogle-1-1", "loogle-1-2"])
        #expect(questions.map(\.text) == ["Where was Ida born?", "How many?\n1. one"])
        #expect(questions.map(\.answers) == [["In Brelby\u{2019}s mill"], ["3"]])
        #expect(questions[0].attributes == ["task": "shortdep_qa", "type": "short", "evidence": "Ida's town"])
        #expect(questions.allSatisfy { $0.metric == .loogleRougeL && $0.answerTokens == 300 })
        #expect(try DataFiles.read(DataSamples.loogle).documents[0].questions[0].answerTokens == 500)
    }

    /// A summary, a JSON list, and the later form with one question per line.
    @Test func forms() throws {
        let summary = try DataFiles.read(#"{"input":"A text.","title":"T","qa_pairs":"none","output":"Short."}"#)
        #expect(summary.documents[0].questions.map(\.answers) == [["Short."]])
        #expect(summary.documents[0].questions[0].attributes["task"] == "longdep_summarization")
        let list = try DataFiles.read(#"{"input":"A text.","title":"T","qa_pairs":[{"Q":"Who?","A":"Ida"}]}"#)
        #expect(list.documents[0].questions.map(\.text) == ["Who?"])
        let row =
            #"{"id":"r1","doc_id":"d","task":"longdep_qa","context":"A text.","question":"Who?","answer":"Ida","#
            + #""evidence":"A","title":"T"}"#
        let rows = try DataFiles.read(row + "\n" + row.replacing("r1", with: "r2"))
        #expect(rows.documents.count == 1 && rows.documents[0].questions.map(\.id) == ["r1", "r2"])
        #expect(rows.documents[0].questions[0].attributes == ["task": "longdep_qa", "evidence": "A"])
    }

    /// Pairs that are neither a list nor text are malformed.
    @Test(arguments: [
        (#""qa_pairs":7,"#, #""qa_pairs" is a number"#), (#""qa_pairs":null,"#, #""qa_pairs" is missing"#),
    ])
    func invalidPairsAreMalformed(field: String, message: String) throws {
        let set = try DataFiles.read(DataSamples.loogle + "\n" + #"{"input":"A text.",\#(field)"output":"x"}"#)
        #expect(set.malformed.map(\.line) == [2])
        #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
    }

    /// Cloze tasks are refused by name.
    @Test func cloze() throws {
        let set = try read("[{'Q': '<mask-0> ran', 'A': {'<mask-0>': 'Ida'}}]")
        #expect(set.questionCount == 2 && set.malformed.map(\.line) == [2])
        #expect(set.malformed.first?.reason.contains("shortdep_cloze, which is not supported") == true)
        let named = DataFiles.fault(DataSamples.loogle, name: "shortdep_cloze.jsonl")
        #expect(named?.reason.contains("shortdep_cloze, which is not supported") == true)
    }

    /// Every kind of value in Python's `repr`.
    @Test func literals() throws {
        let set = try read(
            "[{'Q': 'a\\n\\t\\\\ \\'b\\' \"c\" \\xe9\\u00e9\\U0001f600', 'A': \"it's\", 'n': None, 't': True, 'f': -1.5e3,"
                + " 'e': [], 'd': {}, 'l': [1, 'x',],},]")
        #expect(set.malformed.isEmpty, "\(set.malformed)")
        #expect(set.documents[1].questions[0].text == "a\n\t\\ 'b' \"c\" \u{E9}\u{E9}\u{1F600}")
        #expect(set.documents[1].questions[0].answers == ["it's"])
    }

    /// Invalid Python literals are reported with their position; nothing is evaluated.
    @Test(arguments: [
        ("[{'Q': 'x', 'A': 'y'}", "no comma and no end of a list"), ("[__import__('os')]", "no value"),
        ("[{'Q': 'x' 'A'}]", "no comma and no end"), ("[{'Q' 'x'}]", "no colon"), ("[{1: 2}]", "not a string"),
        ("['x", "unterminated"), ("['\\q']", "escape"), ("['\\x4']", "hexadecimal"), ("['\\ud800'", "no comma"),
        ("[{'Q': 'x', 'Q': 'y'}]", "duplicate key"), ("[] []", "after the value"), ("", "no value"), ("7", "no list"),
        ("[]", "no list"), (String(repeating: "[", count: 100_000), "nested"), ("[1e]", "no number"),
        ("['x']", #"without "Q" and "A""#), ("[{'Q': 'x'}]", #"without "Q" and "A""#),
        ("[{'Q': ' ', 'A': 'x'}]", "is empty"), ("[{'Q': 'x', 'A': []}]", #""A" is a list"#),
    ])
    func malformed(pairs: String, message: String) throws {
        let set = try read(pairs)
        #expect(set.questionCount == 2 && set.malformed.map(\.line) == [2])
        #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
    }
}

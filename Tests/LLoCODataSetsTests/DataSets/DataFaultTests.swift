import Foundation
import LLoCOBase
import LLoCODataSets
import Testing

/// Damaged and hostile data sets.
@Suite struct DataFaultTests {
    /// A malformed record is reported with the found value; the other records are read.
    @Test(
        arguments: [
            (DataFormat.lloco, #"{"id":"x","title":"t","document":" ","questions":[]}"#, #""document" is empty"#),
            (.lloco, #"{"title":4,"questions":[]}"#, #""title" is a number"#),
            (.lloco, #"{"id":"x","title":"t","questions":{}}"#, #""questions" is an object; expected a list"#),
            (.lloco, Self.asking(#"{"id":"x","question":"q","answers":[]}"#), #""questions[0].answers" is empty"#),
            (.lloco, Self.asking(#"{"id":"q1","question":"q","answers":["a"]}"#), #"id "q1" is already used"#),
            (.lloco, DataSamples.lloco, #"the document id "d1" is already used"#),
            (.lloco, "\"text\"", "found a string; expected a JSON object"),
            (.lloco, "{\"id\":\"\u{0}\"}", "not UTF-8 text"),
            (.lloco, String(repeating: "[", count: 100_000), "not valid JSON"),
            (.lloco, #"{"id":"x","id":"y"}"#, "duplicate key"),
            (.quality, Self.quality(#""options":["a"],"gold_label":1"#), "1 options; expected 2 to 26"),
            (.quality, Self.quality(#""options":["a","b"],"gold_label":3"#), "not one of the 2"),
            (.quality, Self.quality(#""options":["a","b"],"gold_label":0"#), #"no "gold_label" and no "writer_label""#),
            (
                .quality, Self.quality(#""options":["a","b"],"gold_label":"1""#),
                #""questions[0].gold_label" is a string"#
            ),
            (.quality, Self.quality(#""options":["a","b"],"gold_label":1.5"#), "expected a whole number"),
            (.quality, Self.quality(#""options":["a","b"]"#), "the correct option's number"),
            (.quality, Self.quality(#""options":["a",""],"gold_label":1"#), #""questions[0].options[1]" is empty"#),
            (.quality, Self.quality(#""gold_label":1"#), #""questions[0].options" is missing"#),
            (.quality, #"{"article_id":"b","article":"x","questions":[]}"#, #""questions" is empty"#),
            (.qmsum, #"{"meeting_transcripts":[],"general_query_list":[]}"#, #""meeting_transcripts" is empty"#),
            (.qmsum, #"{"meeting_transcripts":[{"content":"x"}]}"#, "expected queries"),
            (.qmsum, #"{"meeting_transcripts":[{"content":7}]}"#, #""meeting_transcripts[0].content" is a number"#),
            (
                .qmsum,
                #"{"meeting_transcripts":[{"content":"x"}],"general_query_list":[{"query":"q"}]}"#,
                #""general_query_list[0].answer" is missing"#
            ),
            (.squality, #"{"metadata":{},"document":"x","questions":[]}"#, #""metadata.passage_id" is missing"#),
            (.squality, #"{"metadata":"m","document":"x","questions":[]}"#, #""metadata" is a string"#),
            (
                .squality,
                #"{"metadata":{"uid":"u"},"document":"x","questions":[{"question_text":"q","responses":[]}]}"#,
                #""questions[0].responses" is empty"#
            ),
            (.hotpotqa, Self.hotpotqa(#""context":[["t",["s"]]]"#), #""answer" is missing"#),
            (.hotpotqa, Self.hotpotqa(#""answer":"a","context":[["t"]]"#), #""context[0]" is a list of 1"#),
            (.hotpotqa, Self.hotpotqa(#""answer":"a","context":[["t",["s",7]]]"#), #""context[0]" is a list of 2"#),
            (.hotpotqa, Self.hotpotqa(#""answer":"a","context":[]"#), "holds no sentence"),
            (
                .hotpotqa, Self.hotpotqa(#""answer":"a","context":[["t",["s"]]],"supporting_facts":[["t","0"]]"#),
                #""supporting_facts[0]" is a list of 2"#
            ),
            (.longbenchV2, DataSamples.longbenchV2.replacing(#""C","#, with: #""E","#), #""answer" is "E""#),
            (.longbenchV2, DataSamples.longbenchV2.replacing("choice_B", with: "b"), #""choice_B" is missing"#),
        ] as [(DataFormat, String, String)])
    func malformed(format: DataFormat, record: String, message: String) throws {
        let good: [DataFormat: String] = [
            .lloco: DataSamples.lloco, .quality: DataSamples.quality, .qmsum: DataSamples.qmsum,
            .squality: DataSamples.squality, .hotpotqa: DataSamples.hotpotqa, .longbenchV2: DataSamples.longbenchV2,
        ]
        let sample = try #require(good[format])
        let set = try DataFiles.read(Form.line.text([sample, "", record]), as: format)
        #expect(set.documents == (try DataFiles.read(Form.line.text([sample]), as: format)).documents)
        #expect(!set.malformed.isEmpty && set.malformed.allSatisfy { $0.line == 3 && $0.file.hasSuffix("data") })
        #expect(set.malformed[0].reason.contains(message), "\(set.malformed)")
        #expect(set.malformed.allSatisfy { !$0.reason.contains("\n") })
    }

    private static func asking(_ question: String) -> String {
        #"{"id":"x","title":"t","document":"d","questions":[\#(question)]}"#
    }

    private static func quality(_ fields: String) -> String {
        #"{"article_id":"b","set_unique_id":"b_X","article":"x","questions":[{"question":"q",\#(fields)}]}"#
    }

    private static func hotpotqa(_ fields: String) -> String {
        #"{"_id":"x","question":"q",\#(fields)}"#
    }

    /// One malformed question does not affect the others.
    @Test func malformedQuestionsAreSkipped() throws {
        let line = DataSamples.squality.replacing(#""response_text":"A robot.""#, with: #""response_text":7"#)
        let set = try DataFiles.read(line)
        #expect(set.questionCount == 1 && set.malformed.count == 1)
        let qasper = try DataFiles.read(DataSamples.qasper.replacing(#""yes_no":false"#, with: #""yes_no":null"#))
        #expect(qasper.documents[0].questions.map(\.id) == ["k1", "k3"])
        #expect(qasper.malformed.map(\.record) == ["k2"] && qasper.malformed[0].line == 1)
        #expect(qasper.malformed[0].reason.contains("expected one of them"))
    }

    /// Records of a list are reported with the line where they begin.
    @Test func recordsOfAListHaveLines() throws {
        let set = try DataFiles.read("[\n\(DataSamples.hotpotqa),\n\n  {\"_id\":\n\"x\"}, 7\n,\n8]", as: .hotpotqa)
        let first = 2 + DataSamples.hotpotqa.count { $0 == "\n" }
        #expect(set.malformed.map(\.line) == [first + 2, first + 3, first + 5])
        let indented = try DataFiles.read(DataSamples.qasper.replacing(#""yes_no":false"#, with: #""yes_no":null"#))
        #expect(indented.malformed.map(\.line) == [1])
        #expect(indented.malformed[0].description.contains("line 1"))
    }

    /// QMSum: a query with malformed turns is kept without them.
    @Test func malformedTurnsAreIgnored() throws {
        let line = #"""
            {"meeting_transcripts":[{"content":"x"}],"specific_query_list":[{"query":"q","answer":"a",\#
            "relevant_text_span":[["1"]]}]}
            """#
        let set = try DataFiles.read(line)
        #expect(set.questionCount == 1 && set.malformed.isEmpty)
        #expect(set.documents[0].questions[0].attributes == ["type": "specific"])
        #expect(set.remarks.count == 1 && set.remarks[0].contains("expected a first and a last turn"))
    }

    /// Options that do not apply to the format are refused.
    @Test func inapplicableOptionsAreRefused() throws {
        for (change, part) in [
            ({ $0.split = "train" }, "no splits"), ({ $0.task = "qasper" }, "no tasks"),
            ({ $0.narrativeText = .summaries }, "no summaries"),
        ] as [((inout EvaluationSet.ReadingOptions) -> Void, String)] {
            var options = EvaluationSet.ReadingOptions()
            change(&options)
            let error = #expect(throws: JSONLinesError.self) { try DataFiles.read(DataSamples.lloco, options: options) }
            #expect(error?.reason.contains(part) == true)
        }
    }

    /// An unknown task option is refused once, whatever task the file or its lines name.
    @Test(arguments: [
        (DataSamples.leval, "L-Eval", "coursera, quality, tpo, gsm100, codeU, topic_retrieval_longchat, financial_qa"),
        (DataSamples.loogle, "LooGLE", "longdep_qa, shortdep_qa, longdep_summarization"),
        (DataSamples.scrolls, "SCROLLS", "gov_report, summ_screen_fd"),
        (DataSamples.longbench, "LongBench", "2wikimqa, gov_report, hotpotqa"),
        (DataSamples.ruler, "RULER", "niah_single_1"),
    ])
    func unknownTasksAreRefused(record: String, name: String, known: String) {
        var options = EvaluationSet.ReadingOptions()
        options.task = "longdep\ntea"
        let error = #expect(throws: JSONLinesError.self) {
            try DataFiles.read(record, name: "longdep_qa-qasper-vt.jsonl", options: options)
        }
        #expect(
            error?.reason.hasPrefix("\(name) has no task longdep\\ntea; expected one of \(known)") == true,
            "\(String(describing: error))")
        #expect(error?.errorCode == .invalid)
    }

    /// Qasper: malformed papers are reported by their key.
    @Test func qasper() throws {
        let text = #"{"p1":7,"p2":{"title":"t"},"p3":{"title":"t","qas":[]},"# + DataSamples.qasper.dropFirst()
        let set = try DataFiles.read(text, as: .qasper)
        #expect(set.documents.map(\.id) == ["1234.5678"])
        #expect(set.malformed.map(\.record) == ["p1", "p2", "p3"])
        #expect(set.malformed.allSatisfy { $0.line == 1 })
        let twice = "{" + DataSamples.qasper.dropFirst().dropLast() + "," + DataSamples.qasper.dropFirst()
        let second = try DataFiles.read(twice)
        #expect(second.documents.count == 1 && second.malformed.count == 1)
        #expect(second.malformed[0].reason.contains("already used"))
    }

    /// Repeated ids are malformed, also in canonically equivalent spellings; equal texts with other ids are not.
    @Test func ids() throws {
        let composed = DataSamples.hotpotqa.replacing("h1", with: "caf\u{E9}")
        let decomposed = DataSamples.hotpotqa.replacing("h1", with: "cafe\u{301}")
        let set = try DataFiles.read("[\(composed),\(decomposed),\(DataSamples.hotpotqa)]")
        #expect(set.documents.count == 2 && set.malformed.count == 1)
        // Repeated lines of QuALITY add nothing.
        let quality = try DataFiles.read(DataSamples.quality + "\n" + DataSamples.quality)
        #expect(quality.questionCount == 2 && quality.malformed.map(\.record) == ["a1_X_1", "a1_X_2"])
        // Another text with the same article id.
        let other = DataSamples.quality.replacing("A pond.", with: "A lake.").replacing("a1_X", with: "a1_Z")
        #expect(try DataFiles.read(DataSamples.quality + "\n" + other).documents.map(\.id) == ["a1", "a1_Z"])
    }

    /// The error for a file without a valid record gives the reason for the first record.
    @Test func filesWithoutAValidRecordAreRefused() {
        let one = DataFiles.fault(#"{"meeting_transcripts":[]}"#)
        #expect(one?.line == 1 && one?.reason.contains("its one record is malformed") == true)
        let two = DataFiles.fault("\n{\"meeting_transcripts\":[]}\n{\"meeting_transcripts\":7}\n")
        #expect(two?.line == 2 && two?.reason.contains("all its 2 records are malformed, the first") == true)
        let none = DataFiles.fault(#"{"id":"d","title":"t","document":"x","questions":[]}"#)
        #expect(none?.reason.contains("holds no question") == true)
        #expect(DataFiles.fault("")?.reason.contains("the file is empty") == true)
        #expect(DataFiles.fault(" \n\n")?.reason.contains("only white space") == true)
        #expect(DataFiles.fault("[]", as: .hotpotqa)?.reason.contains("holds no question") == true)
    }

    /// Truncated lists and objects, and extra text after their end.
    @Test func truncatedFilesAreRefused() {
        for (text, message) in [
            ("[\(DataSamples.hotpotqa)", "truncated"), ("[\(DataSamples.hotpotqa),", "truncated"),
            ("[\(DataSamples.hotpotqa.dropLast(3))", "truncated"), ("[\(DataSamples.hotpotqa)] x", "found 'x'"),
            ("[\(DataSamples.hotpotqa) \(DataSamples.hotpotqa)]", "found '{'; expected a comma"),
            ("[\(DataSamples.hotpotqa),]", "expected a value"), ("[,\(DataSamples.hotpotqa)]", "expected a value"),
        ] {
            let fault = DataFiles.fault(text, as: .hotpotqa)
            #expect(fault?.reason.contains(message) == true, "\(text.suffix(20)): \(String(describing: fault))")
        }
        for (text, message) in [
            (String(DataSamples.qasper.dropLast()), "truncated"), (DataSamples.qasper + "{}", "expected the end"),
            (#"{"p" {}}"#, "a colon"), (#"{7:{}}"#, "a key"), (#"{"p":}"#, "a value"),
            (#"{"\x":{}}"#, "not a JSON string"),
        ] {
            let fault = DataFiles.fault(text, as: .qasper)
            #expect(fault?.reason.contains(message) == true, "\(text.suffix(20)): \(String(describing: fault))")
        }
    }

    /// Damaged gzip.
    @Test func gzip() throws {
        let files = try DataFiles()
        for record in [DataSamples.lloco, "[\(DataSamples.hotpotqa)]", DataSamples.qasper] {
            let whole = StoredGzip.member(Array(record.utf8))
            var flipped = whole
            flipped[40] ^= 0x20
            for (bytes, message) in [(Array(whole.dropLast(3)), "ends early"), (flipped, "damaged")] {
                let url = try files.write(bytes, to: "damaged.gz")
                let error = #expect(throws: JSONLinesError.self) { try EvaluationSet(contentsOf: url) }
                #expect(error?.reason.contains(message) == true, "\(String(describing: error))")
            }
        }
    }

    /// Limits on the file, a record, the texts, and the number of malformed records.
    @Test func limits() throws {
        let files = try DataFiles()
        let url = try files.write("[\(DataSamples.hotpotqa)]", to: "data")
        func error(_ url: URL, _ change: (inout DataFileLimits) -> Void) -> String {
            var limits = DataFileLimits()
            change(&limits)
            let error = #expect(throws: JSONLinesError.self) {
                try EvaluationSet(contentsOf: url, format: nil, options: .init(), limits: limits)
            }
            return error?.reason ?? ""
        }
        let size = DataSamples.hotpotqa.utf8.count
        #expect(error(url) { $0.bytes = size }.contains("more than \(size) bytes"))
        #expect(error(url) { $0.recordBytes = size - 1 }.contains("longer than \(size - 1) bytes"))
        var limits = DataFileLimits()
        limits.recordBytes = size
        limits.bytes = size + 2
        #expect(try EvaluationSet(contentsOf: url, format: nil, options: .init(), limits: limits).questionCount == 1)

        let lines = try files.write(DataSamples.lloco + "\n{}\n7\n[]\n", to: "lines")
        #expect(error(lines) { $0.malformed = 2 }.contains("more than 2 records are malformed"))
        #expect(try EvaluationSet(contentsOf: lines).malformed.map(\.line) == [2, 3, 4])

        try files.write(String(repeating: "tea ", count: 2_000), to: "evidence/wikipedia/Isle.txt")
        try files.write("x", to: "evidence/web/1/1_2.txt")
        let trivia = try files.write(DataSamples.triviaqa, to: "triviaqa")
        #expect(error(trivia) { $0.bytes = 4_000 }.contains("the texts hold more than 4000 bytes"))
        #expect(error(trivia) { $0.textBytes = 4_000 }.contains(#""Isle.txt" is longer than 4000 bytes"#))
        #expect(error(trivia) { $0.recordBytes = 8_000 }.contains("the evidence holds more than 8000 bytes"))
    }

    /// A long list is read one record at a time, across file chunks.
    @Test func manyRecords() throws {
        let padding = String(repeating: "é\\\"[{ ", count: 12_000)
        let records = (0..<12).map { index in
            DataSamples.hotpotqa.replacing("h1", with: "h\(index)").replacing("It is small.", with: padding)
        }
        let set = try DataFiles.read("[\n\(records.joined(separator: "\n,\n"))\n]\n")
        #expect(set.documents.map(\.id) == (0..<12).map { "h\($0)" } && set.malformed.isEmpty)
        #expect(set.documents.allSatisfy { ($0.text ?? "").contains(String(repeating: "é\"[{ ", count: 12_000)) })
    }

    /// File contents cannot break a message into several lines.
    @Test func hostileMessage() throws {
        let id = #"a\n\u001b[31mb\#(String(repeating: "x", count: 500))"#
        let record = DataSamples.hotpotqa.replacing("h1", with: id)
        let set = try DataFiles.read("[\(record),\(record)]")
        let malformed = try #require(set.malformed.first)
        for text in [malformed.reason, malformed.record ?? ""] {
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 } && text.count < 300)
        }
    }
}

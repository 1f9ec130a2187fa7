import Foundation
import LLoCOBase
import LLoCODataSets
import Testing

@Suite struct DataRecognitionTests {
    private static let records: [(String, DataFormat)] = [
        (DataSamples.lloco, .lloco), (DataSamples.quality, .quality), (DataSamples.qmsum, .qmsum),
        (DataSamples.squality, .squality), (DataSamples.hotpotqa, .hotpotqa), (DataSamples.govReport, .govreport),
        (DataSamples.scrolls.replacing(#""pid""#, with: #""task":"qasper","pid""#), .scrolls),
        (DataSamples.longbench, .longbench),
        (DataSamples.longbenchV2, .longbenchV2), (DataSamples.qasperRow, .qasper), (DataSamples.leval, .leval),
        (DataSamples.loogle, .loogle),
    ]

    /// Every format is recognized by content, in every layout, gzipped or not, and after a byte order mark.
    @Test func content() throws {
        let files = try DataFiles()
        for (record, format) in Self.records {
            let expected = try DataFiles.read(record.replacing("\n", with: " ")).documents
            for form in Form.allCases {
                let bytes = Array(form.text([record]).utf8)
                for (name, bytes) in [
                    ("plain", bytes), ("marked", [0xEF, 0xBB, 0xBF] + bytes), ("spaced", Array(" \r\n\n".utf8) + bytes),
                    ("gzip", StoredGzip.member(bytes)),
                    ("members", StoredGzip.member(Array(bytes[..<9])) + StoredGzip.member(Array(bytes[9...]))),
                ] {
                    let set = try EvaluationSet(contentsOf: files.write(bytes, to: name))
                    #expect(set.format == format, "\(form) \(name)")
                    #expect(set.documents == expected, "\(format) \(form) \(name)")
                    #expect(set.malformed.isEmpty, "\(format) \(form) \(name)")
                }
            }
        }
    }

    /// Qasper, TriviaQA and SQuAD are recognized as one object, gzipped or not.
    @Test func objects() throws {
        let files = try DataFiles()
        let qasper = try files.write(StoredGzip.member(Array(DataSamples.qasper.utf8)), to: "qasper")
        #expect(try EvaluationSet(contentsOf: qasper).format == .qasper)
        try files.write("a", to: "evidence/wikipedia/Isle.txt")
        try files.write("b", to: "evidence/web/1/1_2.txt")
        let trivia = try files.write(StoredGzip.member(Array(DataSamples.triviaqa.utf8)), to: "triviaqa")
        #expect(try EvaluationSet(contentsOf: trivia).format == .triviaqa)
        for text in [DataSamples.squad, DataSamples.squad1, DataSamples.squad.replacing("\n", with: " ")] {
            let squad = try files.write(StoredGzip.member(Array(text.utf8)), to: "squad")
            #expect(try EvaluationSet(contentsOf: squad).format == .squad)
            #expect(try EvaluationSet(contentsOf: squad, format: .squad).format == .squad)
        }
    }

    /// Malformed first lines do not hide the format.
    @Test func malformedStart() throws {
        for start in [
            "{", "{\"id\":", #"{"id":"x" "y"}"#, #"{"a":[1,2}"#, "no JSON", "{}", #"{"other":1}"#, "[", "7",
        ] where start != "[" && start != "no JSON" && start != "7" {
            let set = try DataFiles.read("\(start)\n\(DataSamples.squality)\n")
            #expect(set.format == .squality && set.documents.count == 1, "\(start)")
            #expect(set.malformed.map(\.line) == [1], "\(start)")
        }
        let list = try DataFiles.read("[7, {\"a\":1}, \(DataSamples.hotpotqa)]")
        #expect(list.format == .hotpotqa && list.documents.count == 1 && list.malformed.count == 2)
        #expect(list.malformed.map(\.record) == ["record 1", "record 2"])
    }

    /// The last line may lack a line end, and a one-line object is a line.
    @Test func oneLine() throws {
        let set = try DataFiles.read(
            #"{"id":"d","title":"t","document":"x","questions":[{"id":"q"}]}"# + "\n" + DataSamples.lloco)
        #expect(set.documents.map(\.id) == ["d1"])
        #expect(set.malformed.map(\.line) == [1] && set.malformed[0].record == "q")
        #expect(set.malformed[0].reason.contains(#""questions[0].question" is missing"#))
    }

    /// A given format takes precedence over the content.
    @Test func given() throws {
        #expect(try DataFiles.read(DataSamples.qasper, as: .qasper).questionCount == 3)
        #expect(try DataFiles.read(DataSamples.qasperRow, as: .qasper).questionCount == 3)
        #expect(try DataFiles.read(DataSamples.ruler, name: "vt.jsonl", as: .ruler).format == .ruler)
        // SQuALITY's document and questions, without the field that distinguishes it from our own format.
        let line = DataSamples.squality.replacing(#""metadata""#, with: #""data""#)
        let fault = DataFiles.fault(line, as: .squality)
        #expect(fault?.reason.contains(#""metadata" is missing"#) == true)
        for format in [
            DataFormat.quality, .qmsum, .hotpotqa, .triviaqa, .qasper, .scrolls, .longbench, .longbenchV2, .squad,
            .leval,
            .loogle,
        ] {
            _ = DataFiles.fault(DataSamples.lloco, as: format)
        }
        #expect(DataFiles.fault(DataSamples.lloco, as: .narrativeqa)?.reason.contains("NarrativeQA's tables") == true)
        #expect(DataFiles.fault("document_id,set\n", as: .lloco)?.reason.contains("expected JSON") == true)
        #expect(DataFiles.fault(DataSamples.lloco, as: .ruler)?.reason.contains("is generated") == true)
    }

    /// The error for an unknown format lists the found fields and the known formats.
    @Test(arguments: [
        (#"{"tea":1,"a\nb":2}"#, #"a record with the fields "tea", "a\nb""#), ("plain text", "not recognised"),
        ("[]", "not recognised"), ("a,b\n1,2\n", "not recognised"), ("{}", "not recognised"),
        ("[1,2,3]", "not recognised"), ("\u{0}\u{1}", "not recognised"), ("\"text\"", "not recognised"),
    ])
    func unknown(text: String, message: String) {
        let fault = DataFiles.fault(text)
        #expect(fault?.reason.contains(message) == true, "\(String(describing: fault))")
        #expect(fault?.reason.contains("longbench-v2") == true && fault?.reason.contains(", ruler") == true)
        #expect(fault?.reason.contains("needle") == false)
    }

    /// A list `data` is SQuAD only if its first element is an article.
    @Test(arguments: [
        #"{"data":[]}"#, #"{"data":[7]}"#, #"{"data":[{"a":1}]}"#, #"{"data":[{"paragraphs":7}]}"#,
        #"{"data":[{"paragraphs":[{"text":"x"}]}]}"#, #"{"data":{"paragraphs":[]}}"#,
    ])
    func otherDataListsAreNotSquad(text: String) throws {
        let more = String(text.dropLast()) + #","model":"m"}"#
        for text in [more, more.replacing(":", with: ":\n")] {
            let fault = DataFiles.fault(text)
            #expect(
                fault?.reason.contains(#"not recognised (a record with the fields "data", "model")"#) == true,
                "\(String(describing: fault))")
        }
        // Nor does it hide another format.
        let line = String(text.dropLast()) + "," + DataSamples.longbench.dropFirst()
        #expect(try DataFiles.read(line).format == .longbench)
    }

    /// SQuAD is recognized in a truncated file, which is then reported as truncated.
    @Test func truncatedArticlesAreReported() {
        for text in [
            #"{"version":"1","data":[{"title":"t","paragraphs":[{"context":"The"#, #"{"data":[{"paragraphs":[{"qas":["#,
        ] {
            let fault = DataFiles.fault(text)
            #expect(fault?.reason.contains("truncated") == true, "\(String(describing: fault))")
        }
    }

    /// Folders without a data set, missing files, devices.
    @Test func places() throws {
        let files = try DataFiles()
        try files.write("x", to: "a.txt")
        let folder = #expect(throws: JSONLinesError.self) { try EvaluationSet(contentsOf: files.folder) }
        #expect(folder?.reason.contains("not recognised") == true)
        let given = #expect(throws: JSONLinesError.self) { try EvaluationSet(contentsOf: files.folder, format: .lloco) }
        #expect(given?.reason.contains("found a folder") == true)
        let missing = #expect(throws: JSONLinesError.self) {
            try EvaluationSet(contentsOf: URL(fileURLWithPath: "no/such/file.json"))
        }
        #expect(missing?.description == "no/such/file.json: no such file")
        let device = #expect(throws: JSONLinesError.self) {
            try EvaluationSet(contentsOf: URL(fileURLWithPath: "/dev/zero"))
        }
        #expect(device?.reason.contains("pipe or device") == true)
    }
}

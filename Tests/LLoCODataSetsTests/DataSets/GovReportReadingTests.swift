import Foundation
import LLoCOBase
import LLoCODataSets
import Testing

@Suite struct GovReportReadingTests {
    private static let text = "Letter\n\nRoads age.\n\nBridges\n\nSo do bridges.\n\nThe end."

    /// Nested sections in every layout; the summary excludes the recommendations.
    @Test(arguments: Form.allCases)
    func sections(form: Form) throws {
        let set = try DataFiles.read(form.text([DataSamples.govReport]))
        #expect(set.format == .govreport && set.malformed.isEmpty)
        let document = try #require(set.documents.first)
        #expect(document.id == "GAO-1" && document.title == "Roads" && document.text == Self.text)
        let question = EvaluationQuestion(
            id: "GAO-1", text: "Summarize the report.", answers: ["They age.\nAll of them."],
            metric: .rougeGeometricMean, answerTokens: 512)
        #expect(document.questions == [question])
    }

    /// The other published forms.
    @Test(
        arguments: [
            // The Congressional Research Service's
            #"""
            {"id":"x","title":"t","reports":{"section_title":"","paragraphs":["R."],"subsections":[{"section_title":"S",
            "paragraphs":["T."],"subsections":[]}]},"summary":["One.","Two."]}
            """#,
            #"{"id":"x","document":"R.\n\nS\n\nT.","summary":"One.\nTwo."}"#,
            #"{"id":"x","report":"R.\n\nS\n\nT.","summary":"One.\nTwo."}"#,
            #"""
            {"id":"x","document_sections":{"title":["","S"],"paragraphs":["R.","T."],"depth":[1,2]},
            "summary_sections":{"title":["A","What GAO Recommends","B"],"paragraphs":["One.","No.","Two."]}}
            """#,
        ])
    func forms(record: String) throws {
        let set = try DataFiles.read("[\(record)]")
        #expect(set.format == .govreport)
        #expect(set.documents[0].text == "R.\n\nS\n\nT.")
        #expect(set.documents[0].questions[0].answers == ["One.\nTwo."])
    }

    /// SCROLLS' lines, with the format given.
    @Test func scrolls() throws {
        let set = try DataFiles.read(#"{"id":"x","pid":"x_0","input":"R.","output":"S."}"#, as: .govreport)
        #expect(set.documents[0].text == "R." && set.documents[0].questions[0].answers == ["S."])
    }

    /// A folder of files, as a whole or by split; an unreadable file is a malformed record.
    @Test func folder() throws {
        let files = try DataFiles()
        for (subset, id) in [("gao", "a"), ("gao", "b"), ("crs", "c")] {
            try files.write(
                DataSamples.govReport.replacing("GAO-1", with: id), to: "\(subset)/\(id).json")
        }
        try files.write("{\"id\":", to: "crs/d.json")
        try files.write(#"{"document":"Plain.","summary":"P."}"#, to: "crs/e.json")
        try files.write("b\n\nmissing\n", to: "split_ids/gao_valid.ids")
        try files.write("c\n", to: "split_ids/crs_valid.ids")
        let all = try EvaluationSet(contentsOf: files.folder)
        #expect(all.format == .govreport && all.documents.map(\.id) == ["c", "e", "a", "b"])
        #expect(all.malformed.map(\.record) == ["d"])
        #expect(all.malformed[0].file.hasSuffix("crs/d.json") && all.malformed[0].reason.contains("truncated"))

        var options = EvaluationSet.ReadingOptions()
        options.split = "valid"
        let split = try EvaluationSet(contentsOf: files.folder, options: options)
        #expect(split.documents.map(\.id) == ["c", "b"])
        #expect(split.malformed.map(\.record) == ["missing"] && split.malformed[0].reason == "no such file")
        for (name, message) in [("other", "no list of the split"), ("../valid", "no list of the split")] {
            options.split = name
            let error = #expect(throws: JSONLinesError.self) {
                try EvaluationSet(contentsOf: files.folder, options: options)
            }
            #expect(error?.reason.contains(message) == true)
        }
        try files.write("../../etc/passwd\n", to: "split_ids/gao_bad.ids")
        options.split = "bad"
        let outside = #expect(throws: JSONLinesError.self) {
            try EvaluationSet(contentsOf: files.folder, options: options)
        }
        #expect(outside?.reason.contains("expected a report's id") == true)
    }

    /// Malformed records.
    @Test(arguments: [
        (#"{"id":"x","report":"R."}"#, #"no "highlight", "summary""#),
        (#"{"id":"x","summary":"S."}"#, #"no "report", "reports""#),
        (#"{"id":"x","report":" ","summary":"S."}"#, "the report is empty"),
        (#"{"id":"x","report":"R.","summary":[]}"#, "the summary is empty"),
        (#"{"id":"x","report":7,"summary":"S."}"#, #""report" is a number"#),
        (#"{"id":"x","report":[{"paragraphs":"R."}],"summary":"S."}"#, #""report[0].paragraphs" is a string"#),
        (#"{"id":"x","report":["R.",7],"summary":"S."}"#, #""report[0]" is a string; expected an object"#),
        (
            #"{"id":"x","document_sections":{"title":["a"],"paragraphs":[]},"summary":"S."}"#,
            "has 0 texts for 1 titles"
        ),
        (#"{"id":"GAO-1","report":"R.","summary":"S."}"#, #"the document id "GAO-1" is already used"#),
    ])
    func malformed(record: String, message: String) throws {
        let set = try DataFiles.read(Form.line.text([DataSamples.govReport, record]))
        #expect(set.documents.count == 1 && set.malformed.count == 1)
        #expect(set.malformed[0].line == 2 && set.malformed[0].reason.contains(message), "\(set.malformed)")
    }
}

import Foundation
import LLoCOBase
import LLoCODataSets
import LLoCODocuments
import Testing

@Suite struct TriviaQAReadingTests {
    private static func files() throws -> DataFiles {
        let files = try DataFiles()
        try files.write(DataSamples.triviaqa, to: "qa/web-dev.json")
        try files.write("The isle is green.", to: "evidence/wikipedia/Isle.txt")
        try files.write("Green isle: Éire.", to: "evidence/web/1/1_2.txt")
        return files
    }

    /// The evidence is the text; the references are the aliases and the normalized aliases.
    @Test func question() throws {
        let files = try Self.files()
        let url = files.folder.appending(path: "qa/web-dev.json")
        let set = try EvaluationSet(contentsOf: url)
        #expect(set.format == .triviaqa && set.malformed.isEmpty && set.documents.count == 1)
        #expect(set.documents[0].text == "The isle is green.\n\nGreen isle: Éire.")
        let question = try #require(set.documents[0].questions.first)
        #expect(question.id == "tc_1" && question.text == "Which isle is green?" && question.metric == .f1)
        #expect(question.answers == ["Éire", "O'Neil", "éire", "o neil"])
        #expect(
            question.attributes
                == ["type": "WikipediaEntity", "source": "own", "evidence": "wikipedia/Isle.txt, web/1/1_2.txt"])
        // Another evidence folder; the list after the other members; the whole file on one line.
        try FileManager.default.moveItem(
            at: files.folder.appending(path: "evidence"), to: files.folder.appending(path: "texts"))
        let last = DataSamples.triviaqa.replacing(#"{"Data":"#, with: #"{"Domain":"Web","Data":"#)
            .replacing(#""Domain":"Web", "VerifiedEval""#, with: #""VerifiedEval""#).replacing("\n", with: " ")
        let other = try files.write(last, to: "other.json")
        #expect(
            try EvaluationSet(contentsOf: other, texts: files.folder.appending(path: "texts")).documents
                == set.documents)
    }

    /// Missing evidence, and evidence outside the folder.
    @Test func evidence() throws {
        let files = try Self.files()
        let second = DataSamples.triviaqa.replacing("tc_1", with: "tc_2")
        for (name, message) in [
            ("Gone.txt", #"no file "Gone.txt""#), ("../../qa/web-dev.json", "leads out of"),
            ("/etc/passwd", "leads out of"), ("a/./b", "leads out of"), ("", #"no "Filename""#),
        ] {
            var text = second.replacing("Isle.txt", with: name)
            if name.isEmpty { text = text.replacing("1/1_2.txt", with: "") }
            let url = try files.write(
                #"{"Data":[\#(Self.records(DataSamples.triviaqa)),\#(Self.records(text))]}"#, to: "qa/two.json")
            let set = try EvaluationSet(contentsOf: url)
            #expect(set.documents.map(\.id) == ["tc_1"])
            #expect(set.malformed.count == 1 && set.malformed[0].record == "tc_2")
            #expect(set.malformed[0].line ?? 0 >= 1 && set.malformed[0].reason.contains(message), "\(set.malformed)")
        }
    }

    /// Malformed questions.
    @Test(arguments: [
        (#""QuestionId":"tc_1""#, #""QuestionId":7"#, #""QuestionId" is a number"#),
        (#""Question":"Which isle is green?","#, "", #""Question" is missing"#),
        (#"["éire","o neil"]"#, #""éire""#, #""Answer.NormalizedAliases" is a string"#),
        (#"{"Filename":"1/1_2.txt""#, #"7,{"Filename":"1/1_2.txt""#, #""SearchResults[0]" is a number"#),
        (#""tc_1""#, #""tc_1" "x""#, "not valid JSON"),
    ])
    func malformed(part: String, replacement: String, message: String) throws {
        let files = try Self.files()
        let bad = DataSamples.triviaqa.replacing(part, with: replacement)
        try #require(bad != DataSamples.triviaqa)
        let good = DataSamples.triviaqa.replacing("tc_1", with: "tc_9")
        let url = try files.write(
            #"{"Data":[\#(Self.records(bad)),\#(Self.records(good))]}"#, to: "qa/two.json")
        let set = try EvaluationSet(contentsOf: url)
        #expect(set.documents.map(\.id) == ["tc_9"])
        #expect(set.malformed.count == 1 && set.malformed[0].reason.contains(message), "\(set.malformed)")
    }

    /// A question without an answer, and a repeated id.
    @Test func answers() throws {
        let files = try Self.files()
        let text = Self.records(DataSamples.triviaqa)
        let none = #"{"QuestionId":"x","Question":"q","Answer":{"Value":"","Aliases":[]},"EntityPages":[]}"#
        let url = try files.write(#"{"Data":[\#(text),\#(none),\#(text)]}"#, to: "qa/three.json")
        let set = try EvaluationSet(contentsOf: url)
        #expect(set.documents.count == 1 && set.malformed.map(\.record) == ["x", "tc_1"])
        #expect(set.malformed[0].reason.contains("expected an answer"))
        #expect(set.malformed[1].reason.contains("already used"))
    }

    /// Truncated files.
    @Test func faults() throws {
        let files = try Self.files()
        for (text, message) in [
            (String(DataSamples.triviaqa.dropLast(1)), "truncated"),
            (String(DataSamples.triviaqa.prefix(400)), "truncated"), (DataSamples.triviaqa + "{}", "expected the end"),
            (#"{"Domain":"Web"}"#, #"the list "Data""#), (#"{"Data":{}}"#, "a list of records"),
        ] {
            let url = try files.write(text, to: "qa/cut.json")
            let error = #expect(throws: JSONLinesError.self) { try EvaluationSet(contentsOf: url, format: .triviaqa) }
            #expect(error?.reason.contains(message) == true, "\(String(describing: error))")
        }
    }

    /// The records of the sample's list.
    private static func records(_ text: String) -> String {
        guard let start = text.firstRange(of: "["), let end = text.firstRange(of: "],\n \"Domain\"") else { return "" }
        return String(text[start.upperBound..<end.lowerBound])
    }
}

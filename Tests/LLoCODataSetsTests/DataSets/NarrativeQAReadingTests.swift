import Foundation
import LLoCOBase
import LLoCODataSets
import Testing

@Suite struct NarrativeQAReadingTests {
    private static let documents = """
        document_id,set,kind,story_url,story_file_size,wiki_url,wiki_title,story_word_count,story_start,story_end\r
        n1,valid,gutenberg,http://x,1,http://y,"The ""Fox"", a tale",3,It,end\r
        n2,train,movie,http://x,1,http://y,Snow,3,It,end\r
        n3,valid,movie,http://x,1,http://y,,3,It,end\r

        """
    private static let questions = """
        \u{FEFF}document_id,set,question,answer1,answer2,question_tokenized,answer1_tokenized,answer2_tokenized
        n1,valid,"Who, then,
        is sly?",The fox,A fox,x,y,z
        n2,train,What falls?,Snow,,x,y,z

        n1,valid,Où?,Là,"",x,y,z
        n3,valid,Why?,Because,So,x,y,z
        """
    private static let summaries = """
        document_id,set,summary,summary_tokenized
        n1,valid,"A fox is sly. ","x"
        n2,train,It snows.,x
        """

    private static func files() throws -> DataFiles {
        let files = try DataFiles()
        try files.write(documents, to: "documents.csv")
        try files.write(questions, to: "qaps.csv")
        try files.write(summaries, to: "third_party/wikipedia/summaries.csv")
        try files.write("The fox is sly.\n\nThe end.", to: "tmp/n1.content")
        try files.write("<html><body><p>Snow &amp; ice.</p></body></html>", to: "tmp/n2.content")
        // ISO-8859-1
        try files.write(Array("Caf".utf8) + [0xE9] + Array("!".utf8), to: "tmp/n3.content")
        return files
    }

    /// Tables and stories; HTML is stripped, and files that are not UTF-8 are read as ISO-8859-1.
    @Test func stories() throws {
        let files = try Self.files()
        for place in ["", "documents.csv", "qaps.csv"] {
            let url = place.isEmpty ? files.folder : files.folder.appending(path: place)
            let set = try EvaluationSet(contentsOf: url)
            #expect(set.format == .narrativeqa && set.malformed.isEmpty)
            #expect(set.documents.map(\.id) == ["n1", "n2", "n3"])
            #expect(set.documents.map(\.title) == [#"The "Fox", a tale"#, "Snow", "n3"])
            #expect(set.documents.map(\.text) == ["The fox is sly.\n\nThe end.", "Snow & ice.", "Café!"])
            #expect(set.documents[0].questions.map(\.id) == ["n1-1", "n1-2"])
            #expect(set.documents[0].questions.map(\.text) == ["Who, then,\nis sly?", "Où?"])
            #expect(set.documents[0].questions.map(\.answers) == [["The fox", "A fox"], ["Là"]])
            #expect(set.documents[0].questions.allSatisfy { $0.metric == .f1 })
            #expect(set.documents[0].questions[0].attributes == ["kind": "gutenberg"])
        }
    }

    /// A single split, summaries as texts, stories in another folder, gzipped tables.
    @Test func options() throws {
        let files = try Self.files()
        var options = EvaluationSet.ReadingOptions()
        options.split = "train"
        #expect(try EvaluationSet(contentsOf: files.folder, options: options).documents.map(\.id) == ["n2"])
        options.narrativeText = .summaries
        #expect(try EvaluationSet(contentsOf: files.folder, options: options).documents[0].text == "It snows.")
        options.split = nil
        let summaries = try EvaluationSet(contentsOf: files.folder, options: options)
        #expect(summaries.documents.map(\.text) == ["A fox is sly. ", "It snows."])
        #expect(summaries.malformed.map(\.record) == ["n3"])

        options = .init()
        options.split = "dev"
        let error = #expect(throws: JSONLinesError.self) {
            try EvaluationSet(contentsOf: files.folder, options: options)
        }
        #expect(error?.reason.contains("expected one of train, valid") == true)

        try FileManager.default.moveItem(
            at: files.folder.appending(path: "tmp"), to: files.folder.appending(path: "stories"))
        #expect(throws: JSONLinesError.self) { try EvaluationSet(contentsOf: files.folder) }
        try FileManager.default.removeItem(at: files.folder.appending(path: "qaps.csv"))
        try files.write(StoredGzip.member(Array(Self.questions.utf8)), to: "qaps.csv.gz")
        let set = try EvaluationSet(
            contentsOf: files.folder, format: .narrativeqa, texts: files.folder.appending(path: "stories"))
        #expect(set.questionCount == 4)
    }

    /// The questions of a missing story are skipped, and the story is reported.
    @Test func missingStory() throws {
        let files = try Self.files()
        try FileManager.default.removeItem(at: files.folder.appending(path: "tmp/n1.content"))
        try files.write([0, 1, 2, 0, 3], to: "tmp/n3.content")
        let set = try EvaluationSet(contentsOf: files.folder)
        #expect(set.documents.map(\.id) == ["n2"])
        #expect(set.malformed.map(\.record) == ["n1", "n3"] && set.malformed.map(\.line) == [2, 4])
        #expect(set.malformed[0].reason.contains("n1.content") && set.malformed[0].reason.contains("2 questions"))
        #expect(set.malformed.allSatisfy { $0.file.hasSuffix("documents.csv") })
    }

    /// Malformed rows.
    @Test(arguments: [
        ("n1,valid,q", "a row of 3 fields; expected 8"),
        ("n9,valid,q,a,b,x,y,z", #"unknown document id "n9"; expected one of documents.csv"#),
        ("n1,valid, ,a,b,x,y,z", #""question" is empty"#),
        ("n1,valid,q,, ,x,y,z", #""answer1" and "answer2" are empty"#),
        (#"n1,valid,"q" q,a,b,x,y,z"#, "text after a closing quotation mark"),
        (#"n1,valid,q "q",a,b,x,y,z"#, "a quotation mark in a field without quotes"),
        ("n1,valid,q\u{0},a,b,x,y,z", "not UTF-8 text"),
    ])
    func malformed(row: String, message: String) throws {
        let files = try Self.files()
        try files.write(Self.questions + "\n" + row + "\nn2,train,Last?,a,b,x,y,z", to: "qaps.csv")
        let set = try EvaluationSet(contentsOf: files.folder)
        #expect(set.questionCount == 5 && set.documents[1].questions.last?.text == "Last?")
        #expect(set.malformed.count == 1 && set.malformed[0].line == 8)
        #expect(set.malformed[0].file.hasSuffix("qaps.csv") && set.malformed[0].reason.contains(message))
    }

    /// Invalid UTF-8, a repeated id, and an id that leads out of the folder.
    @Test func hostileRows() throws {
        let files = try Self.files()
        try files.write(
            Self.documents + "n1,valid,k,,,,Again,,,\n../../n4,valid,k,,,,Out,,,\n", to: "documents.csv")
        try files.write(
            Array(Self.questions.utf8) + [0x0A] + Array("n1,valid,q".utf8) + [0xFF]
                + Array(",a,b,x,y,z\n../../n4,valid,q,a,b,x,y,z".utf8), to: "qaps.csv")
        let set = try EvaluationSet(contentsOf: files.folder)
        #expect(set.questionCount == 4)
        #expect(set.malformed.count == 3)
        #expect(set.malformed.map(\.line) == [5, 8, 6])
        #expect(set.malformed[0].reason.contains("already used"))
        #expect(set.malformed[1].reason.contains("not UTF-8"))
        #expect(set.malformed[2].reason.contains("leads out of"))
    }

    /// Unreadable tables.
    @Test func faults() throws {
        let files = try Self.files()
        for (name, text, message) in [
            ("qaps.csv", Self.questions + "\nn1,valid,\"q", "a quoted field does not end"),
            ("qaps.csv", "document_id,document_id\n", "duplicate column name"),
            ("qaps.csv", "\n\n", "the table is empty"),
            ("qaps.csv", String(repeating: ",", count: 1000), "more than 256 fields"),
            ("qaps.csv", "document_id,set\nn1,valid\n", "all its 1"),
            ("qaps.csv", "", "the file is empty"),
        ] {
            let other = try Self.files()
            try other.write(text, to: name)
            let error = #expect(throws: JSONLinesError.self) { try EvaluationSet(contentsOf: other.folder) }
            #expect(error?.file.hasSuffix(name) == true)
            if !message.hasPrefix("all") {
                #expect(error?.reason.contains(message) == true, "\(String(describing: error))")
            }
        }
        try FileManager.default.removeItem(at: files.folder.appending(path: "documents.csv"))
        let missing = #expect(throws: JSONLinesError.self) { try EvaluationSet(contentsOf: files.folder) }
        #expect(missing?.reason.contains("no documents.csv") == true)
    }
}

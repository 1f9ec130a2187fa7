import Foundation
import LLoCOBase
import LLoCODataSets
import LLoCODocuments
import Testing

/// Published data sets.
@Suite struct DataFormatTests {
    /// Our own question sets, with and without texts.
    @Test func lloco() throws {
        let set = try DataFiles.read(DataSamples.lloco + "\n" + #"{"title":"Known","questions":[]}"#)
        #expect(set.format == .lloco && set.name == "data" && set.malformed.isEmpty)
        #expect(set.documents.map(\.id) == ["d1", "Known"])
        #expect(set.documents.map(\.text) == ["The mill burnt down in May.", nil])
        let question = EvaluationQuestion(id: "q1", text: "When did it burn?", answers: ["In May", "May"], metric: .f1)
        #expect(set.documents[0].questions[0] == question)
        #expect(set.documents[0].questions[1].answers == ["Là é"])
        var options = EvaluationSet.ReadingOptions()
        options.text = .required
        let strict = try DataFiles.read(
            DataSamples.lloco + "\n" + #"{"title":"Known","questions":[]}"#, options: options)
        #expect(strict.documents.count == 1 && strict.malformed.map(\.line) == [2])
    }

    /// Our own question sets accept another metric, which sets the answer limit.
    @Test func metricOption() throws {
        var options = EvaluationSet.ReadingOptions()
        #expect(try DataFiles.read(DataSamples.lloco, options: options).answerTokens == ["lloco": 48])
        for metric in Metric.allCases {
            options.metric = metric
            guard Metric.ofQuestionSets.contains(metric) else {
                let error = #expect(throws: JSONLinesError.self) {
                    try DataFiles.read(DataSamples.lloco, options: options)
                }
                #expect(error?.reason.contains(metric.rawValue) == true)
                continue
            }
            let set = try DataFiles.read(DataSamples.lloco, options: options)
            #expect(set.documents[0].questions.allSatisfy { $0.metric == metric })
        }
        options.metric = .rougeGeometricMean
        #expect(try DataFiles.read(DataSamples.lloco, options: options).answerTokens == ["lloco": 256])
        let error = #expect(throws: JSONLinesError.self) { try DataFiles.read(DataSamples.quality, options: options) }
        #expect(error?.reason.contains("quality has its own metric") == true)
    }

    /// A set's digest covers its texts, wherever they are stored.
    @Test func digests() throws {
        let set = try DataFiles.read(DataSamples.lloco)
        let digest = Digest.sha256("The mill burnt down in May.")
        #expect(set.digest == set.digest(texts: [digest]))
        var without = set
        without.documents[0].text = nil
        #expect(without.digest(texts: [digest]) == set.digest)
        #expect(without.digest != set.digest && without.digest(texts: [Digest.sha256("Other")]) != set.digest)
    }

    /// QuALITY: lettered options, labels from 1, leftover HTML, two writers of one article.
    @Test func quality() throws {
        let second = DataSamples.quality.replacing("a1_X", with: "a1_Y")
        let set = try DataFiles.read(DataSamples.quality + "\n" + second)
        #expect(set.format == .quality && set.malformed.isEmpty)
        let document = try #require(set.documents.first)
        #expect(set.documents.count == 1 && document.id == "a1" && document.title == "The Pond")
        #expect(document.text == "A pond.\nTwo frogs & a newt.")
        #expect(document.questions.map(\.id) == ["a1_X_1", "a1_X_2", "a1_Y_1", "a1_Y_2"])
        let question = document.questions[0]
        #expect(
            question.text == """
                How many frogs?
                (A) One
                (B) Two
                (C) Three
                (D) 4 < 5
                Answer with the letter alone: A, B, C or D.
                """)
        #expect(question.choices == ["One", "Two", "Three", "4 < 5"])
        #expect(question.correctChoice == 1 && question.answers == ["B"] && question.metric == .accuracy)
        #expect(question.attributes == ["hard": "true", "source": "Own", "topic": "Nature"])
        #expect(document.questions[1].correctChoice == 0)
        #expect(document.questions[1].attributes["hard"] == "false")
        #expect(document.questions[1].attributes["label"] == "writer")
    }

    /// QuALITY: an article that was never stripped of its HTML.
    @Test func qualityHTML() throws {
        let html = DataSamples.quality.replacing(
            "A pond.<br/>Two frogs &amp; a newt.",
            with: "<html><body><p>A pond.</p><p>Frogs &lt; newts</p></body></html>")
        #expect(try DataFiles.read(html).documents[0].text == "A pond.\n\nFrogs < newts")
        // Text that only looks like HTML stays.
        let plain = DataSamples.quality.replacing(
            "A pond.<br/>Two frogs &amp; a newt.", with: "a <b and c> d, x<y, AT&T; &unknown; <bang> &#233;&#xE9; <i")
        #expect(try DataFiles.read(plain).documents[0].text == "a <b and c> d, x<y, AT&T; &unknown; <bang> éé <i")
    }

    /// Qasper: references as the published evaluator makes them, answer types, evidence.
    @Test func qasper() throws {
        for text in [DataSamples.qasper, DataSamples.qasper.replacing("\n", with: " ")] {
            let set = try DataFiles.read(text)
            #expect(set.format == .qasper && set.malformed.isEmpty)
            let document = try #require(set.documents.first)
            #expect(document.id == "1234.5678" && document.title == "On kettles")
            #expect(
                document.text
                    == "On kettles\n\nAbstract\n\nWe boil.\n\nIntroduction\n\nKettles are hot.\n\nSo are pans.\n\nEnd.")
            #expect(document.questions.map(\.id) == ["k1", "k2", "k3"])
            #expect(
                document.questions.map(\.answers)
                    == [["Kettles, pans", "Two things"], ["No", "Yes"], ["Unanswerable"]])
            #expect(
                document.questions.map(\.attributes) == [
                    ["answer_type": "extractive+abstractive", "evidence": "Kettles are hot.\n\nSo are pans."],
                    ["answer_type": "boolean"], ["answer_type": "none"],
                ])
            #expect(document.questions.allSatisfy { $0.metric == .f1 })
        }
    }

    /// Qasper: Hugging Face's rows give the same documents.
    @Test func qasperRows() throws {
        let rows = try DataFiles.read(DataSamples.qasperRow.replacing("\n", with: " "))
        #expect(rows.malformed.isEmpty)
        #expect(rows.documents == (try DataFiles.read(DataSamples.qasper)).documents)
        for (part, other, message) in [
            (
                #""question_id":["k1","k2","k3"]"#, #""question_id":["k1"]"#,
                #""qas.question_id" holds 1 values; expected 3"#
            ),
            (
                #""question_id":["k1","k2","k3"]"#, #""question_id":"k1""#,
                #""qas.question_id" is a string; expected a list"#
            ),
            (#"["Introduction",null]"#, #"["Introduction"]"#, #""full_text.paragraphs" holds 2 values; expected 1"#),
        ] {
            let broken = DataSamples.qasperRow.replacing("1234.5678", with: "2").replacing(part, with: other)
            let set = try DataFiles.read(Form.line.text([DataSamples.qasperRow, broken]))
            #expect(set.documents.count == 1 && set.malformed.map(\.line) == [2])
            #expect(set.malformed.first?.reason.contains(message) == true, "\(set.malformed)")
        }
    }

    /// QMSum: speakers, general and specific queries, and their relevant turns.
    @Test func qmsum() throws {
        let set = try DataFiles.read(DataSamples.qmsum + "\n\n" + DataSamples.qmsum)
        #expect(set.format == .qmsum && set.malformed.isEmpty)
        #expect(set.documents.map(\.id) == ["meeting-1", "meeting-2"])
        #expect(set.documents[0].text == "Ada: Hot tea .\nBo: {vocalsound} Yes .")
        #expect(set.documents[0].questions.map(\.id) == ["meeting-1-general-1", "meeting-1-specific-1"])
        #expect(set.documents[0].questions.map(\.text) == ["Summarize the meeting.", "What did Ada say?"])
        #expect(set.documents[0].questions.map(\.answers) == [["They drank tea."], ["That it was hot."]])
        #expect(
            set.documents[0].questions.map(\.attributes)
                == [["type": "general"], ["type": "specific", "evidence": "0-0, 1-1"]])
        #expect(set.documents[0].questions.allSatisfy { $0.metric == .rougeGeometricMean })
    }

    /// SQuALITY: every response is a reference.
    @Test func squality() throws {
        let set = try DataFiles.read(DataSamples.squality)
        #expect(set.format == .squality && set.malformed.isEmpty)
        #expect(set.documents[0].id == "s9" && set.documents[0].text == "A robot walks home.")
        #expect(set.documents[0].questions.map(\.id) == ["s9-1", "s9-2"])
        #expect(set.documents[0].questions[0].answers == ["A robot walks.", "It goes home."])
        #expect(set.documents[0].questions.map { $0.attributes["type"] } == ["plot", "specific"])
        #expect(set.documents[0].questions.allSatisfy { $0.metric == .rougeGeometricMean })
    }

    /// HotpotQA: paragraphs, supporting sentences, one that was not retrieved.
    @Test func hotpotqa() throws {
        let set = try DataFiles.read("[\(DataSamples.hotpotqa)]")
        #expect(set.format == .hotpotqa && set.malformed.isEmpty)
        let document = try #require(set.documents.first)
        #expect(document.text == "Ulm\nUlm has a twin. It is small.\n\nBlue lake\nIt is blue.")
        let question = try #require(document.questions.first)
        #expect(question.id == "h1" && question.answers == ["Blue lake"] && question.metric == .f1)
        #expect(
            question.attributes == ["type": "bridge", "level": "hard", "evidence": "Ulm: Ulm has a twin.\nLost town"])
    }

    /// LongBench v2: four choices, difficulty, length; questions about one text make one document.
    @Test func longbenchV2() throws {
        let other = DataSamples.longbenchV2.replacing("v1", with: "v2")
        let set = try DataFiles.read("[\(DataSamples.longbenchV2), \(other)]")
        #expect(set.format == .longbenchV2 && set.malformed.isEmpty)
        #expect(set.documents.count == 1 && set.documents[0].text == "Cid won.")
        let question = try #require(set.documents.first?.questions.first)
        #expect(set.documents[0].questions.map(\.id) == ["v1", "v2"])
        #expect(question.text.hasPrefix("Who won?\n(A) Ann\n(B) Ben\n(C) Cid\n(D) Dot\n"))
        #expect(question.correctChoice == 2 && question.answers == ["C"] && question.metric == .accuracy)
        #expect(
            question.attributes
                == ["domain": "Single", "sub_domain": "Tales", "difficulty": "easy", "length": "short"])
    }
}

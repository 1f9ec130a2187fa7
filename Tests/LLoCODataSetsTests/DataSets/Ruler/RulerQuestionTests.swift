import Foundation
import LLoCODataSets
import LLoCOTestSupport
import Testing

/// RULER's question answering.
@Suite struct RulerQuestionTests {
    private func set(
        _ task: RulerTask, length: Int = 6_000, samples: Int = 4, of questions: EvaluationSet? = nil
    ) throws -> EvaluationSet {
        try .ruler(
            RulerOptions(lengths: [length], tasks: [task], samples: samples),
            tokenizer: GeneratedDataSamples.tokenizer("smollm"), questions: questions ?? GeneratedDataSamples.questions)
    }

    private func passages(_ document: EvaluationDocument) -> [String] {
        (document.text ?? "").components(separatedBy: "\n\nPassage ").dropFirst().enumerated().map { place, passage in
            #expect(passage.hasPrefix("\(place + 1):\n"))
            return String(passage.drop { $0 != "\n" }.dropFirst())
        }
    }

    /// The source document of a generated question.
    private func source(_ document: EvaluationDocument) throws -> EvaluationDocument {
        try #require(
            GeneratedDataSamples.questions.documents.first {
                document.questions[0].text.hasSuffix($0.questions[0].text)
            })
    }

    /// The text contains the passage with the answer among passages of other documents.
    @Test func onePassage() throws {
        for document in try set(.questionAnswering).documents {
            let question = document.questions[0]
            let passages = passages(document)
            #expect(passages.count > 3)
            #expect(passages.count { $0.contains(question.answers[0]) } == 1)
            let original = try source(document)
            #expect(question.answers == original.questions[0].answers)
            #expect(question.metric == .stringMatchAny)
            let place = try #require(passages.firstIndex { $0.contains(question.answers[0]) })
            let depth = try #require(question.attributes["depth"].flatMap { Int($0) })
            #expect(abs(Double(depth) - 100 * Double(place) / Double(passages.count - 1)) <= 5.01)
        }
    }

    /// The text contains every passage of the document.
    @Test func wholeDocument() throws {
        for document in try set(.documentQuestionAnswering, length: 12_000).documents {
            let text = document.text ?? ""
            let original = try source(document)
            for sentence in try #require(original.text).split(separator: ". ") {
                #expect(text.contains(sentence.replacing("\n\n", with: "")) || sentence.contains("\n\n"))
            }
            #expect(document.questions[0].attributes["depth"] == nil)
            #expect(passages(document).contains { !$0.contains(original.title) })
        }
    }

    /// With more samples than questions, questions repeat with other passages, and distractors repeat.
    @Test func repetition() throws {
        let few = EvaluationSet(
            name: "few", format: .lloco, documents: Array(GeneratedDataSamples.questions.documents.prefix(2)))
        let set = try set(.questionAnswering, length: 20_000, samples: 5, of: few)
        #expect(Set(set.documents.map { $0.questions[0].text }).count == 2)
        #expect(Set(set.documents.map(\.text)).count == 5)
        // The second question of each document has no answer in the text.
        #expect(
            set.remarks == [
                "ruler qa_1 at 20000 tokens: 2 questions were skipped: no answer occurs word for word in the text",
                "ruler qa_1 at 20000 tokens: 3 of 5 samples repeat a question",
            ])
        #expect(set.documents.allSatisfy { passages($0).count > Set(passages($0)).count })
    }

    /// Every usable question is asked before one repeats.
    @Test func eachQuestionOnce() throws {
        let set = try set(.questionAnswering, length: 2_500, samples: 12)
        #expect(Set(set.documents.map { $0.questions[0].text }).count == 12)
    }

    /// A question is asked in its original form, even if it ends with the words of another set's request.
    @Test func originalQuestions() throws {
        let request = "If the text does not say, answer \"unanswerable\"."
        for (own, isAsked) in [("Heavy?\n\(request)", false), ("Heavy?\n\(request)", true), ("Heavy?", true)] {
            var few = GeneratedDataSamples.questions
            for index in few.documents.indices {
                few.documents[index].questions[0].scorer = .squad2
                few.documents[index].questions[0].text = isAsked ? "\(own)\n\(request)" : own
                few.documents[index].questions[0].originalText = isAsked ? own : nil
            }
            for document in try set(.questionAnswering, samples: 2, of: few).documents {
                #expect(document.questions[0].text.hasSuffix("answer.\n\n\(own)"), "\(document.questions[0].text)")
            }
        }
    }

    /// Answers of yes and no need not occur in the text; questions with options or classes are skipped.
    @Test func kindsOfQuestions() throws {
        var yes = GeneratedDataSamples.questions
        for index in yes.documents.indices {
            yes.documents[index].questions = [
                EvaluationQuestion(id: "yes-\(index)", text: "Is it deep?", answers: ["Yes"], metric: .f1)
            ]
        }
        #expect(try set(.documentQuestionAnswering, length: 12_000, of: yes).documents.count == 4)
        let error = try #require(throws: DataGenerationError.self) { try set(.questionAnswering, of: yes) }
        #expect(error.description.contains("no document contains the answer to its question"))
        for index in yes.documents.indices { yes.documents[index].questions[0].choices = ["Yes", "No"] }
        #expect(throws: DataGenerationError.self) { try set(.documentQuestionAnswering, of: yes) }
    }

    /// An answer must occur as whole words, not within other words.
    @Test func wholeWords() throws {
        var few = GeneratedDataSamples.questions
        for index in few.documents.indices {
            // "art" in "part" does not count.
            few.documents[index].questions[0].answers = ["art", "pike of"]
            few.documents[index].questions[1].answers = ["ART"]
        }
        let set = try set(.questionAnswering, length: 3_000, samples: 2, of: few)
        for document in set.documents { #expect((document.text ?? "").contains("The pike of")) }
        #expect(Set(set.documents.map { $0.questions[0].text }).allSatisfy { $0.contains("How heavy") })
    }

    /// One document with one passage cannot fill a length.
    @Test func nothingToAdd() throws {
        let lone = EvaluationSet(
            name: "lone", format: .lloco,
            documents: [
                EvaluationDocument(
                    id: "d", title: "d", text: "The gate is green.",
                    questions: [EvaluationQuestion(id: "q", text: "Colour?", answers: ["green"], metric: .f1)])
            ])
        let error = try #require(throws: DataGenerationError.self) { try set(.questionAnswering, of: lone) }
        #expect(error.description.contains("all filler makes"))
    }
}

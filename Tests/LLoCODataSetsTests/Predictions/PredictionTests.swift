import Foundation
import LLoCOBase
import LLoCODataSets
import Testing

/// A prediction line contains everything needed to score its answer.
@Suite struct PredictionTests {
    /// Questions of every metric and scorer, with correct, partly correct and wrong answers.
    private static let judged: [(EvaluationQuestion, [String])] = {
        let texts = [
            "The mill. It burnt.", "the mill", "A", "yes", "", "unanswerable", "7", "Paragraph 2\nQuestion: B",
        ]
        var judged: [(EvaluationQuestion, [String])] = []
        for metric in Metric.ofPredictions {
            for scorer in Scorer.allCases {
                for answers in [["the mill burnt", "yes"], ["A"], ["unanswerable"], ["Paragraph 2"], ["7"]] {
                    let question = EvaluationQuestion(
                        id: "q", text: "?", answers: answers, classes: ["the mill burnt", "A", "mill"], metric: metric,
                        scorer: scorer)
                    judged.append((question, texts))
                }
                let choice = EvaluationQuestion(
                    id: "q", text: "?", answers: ["A"], choices: ["the mill", "a boat"], correctChoice: 0,
                    classes: ["A", "B"], metric: metric, scorer: scorer, attributes: ["task": "trec", "length": "3"])
                judged.append((choice, texts))
            }
        }
        return judged
    }()

    /// Written lines are read back with the same scores.
    @Test func lines() throws {
        for (question, texts) in Self.judged {
            for text in texts {
                let all: [[Double]?] = question.choices.isEmpty ? [nil] : [nil, [-1, -2], [-2, -1], []]
                for likelihoods in all {
                    guard question.metric != .accuracyByLikelihood || likelihoods != nil else { continue }
                    if question.choices.isEmpty, [.accuracy, .accuracyByLikelihood].contains(question.metric) {
                        continue
                    }
                    let prediction = Prediction(
                        question: question, mode: "full", prediction: text, choiceLogLikelihoods: likelihoods)
                    let line = try JSONLine.data(prediction)
                    let read = try Prediction(line: Array(line.dropLast()), metric: .rouge1)
                    #expect(read.scores() == prediction.scores(), "\(String(decoding: line, as: UTF8.self))")
                    #expect(read.mode == "full" && read.prediction == text)
                }
            }
        }
    }

    private func read(_ line: String, _ metric: Metric? = nil) throws -> Prediction {
        try Prediction(line: Array(line.utf8), metric: metric)
    }

    /// A line whose only reference is a letter is a multiple choice, unless it names a metric.
    @Test func letters() throws {
        for (prediction, letter, score) in [
            ("A", "A", 1.0), ("(", "A", 0), ("A", "B", 0), ("(b)", "B", 1), ("", "A", 0),
        ] {
            let line = #"{"id": "1", "prediction": "\#(prediction)", "answers": ["\#(letter)"]}"#
            let scores = try read(line).scores()
            #expect(scores[.f1] == score && scores[.em] == score, "\(line)")
            #expect(try read(line, .accuracy).scores()[.accuracy] == score, "\(line)")
        }
        // With a metric of SQuAD, SQuAD's rules apply.
        let strict = try read(#"{"id": "1", "prediction": "(", "answers": ["A"]}"#, .em).scores()
        #expect(strict[.em] == 1)
        let two = try read(#"{"id": "1", "prediction": "a", "answers": ["A", "B"]}"#).scores()
        #expect(two[.f1] == 0)
    }

    /// Missing and invalid fields are reported.
    @Test(arguments: [
        (#""metric": "classification""#, #""classes" is empty"#),
        (#""metric": "accuracy""#, #""correct_choice" names none of 0"#),
        (#""metric": "accuracy", "choices": ["a", "b"], "correct_choice": 2"#, #""correct_choice" names none of 2"#),
        (
            #""metric": "accuracy_by_likelihood", "choices": ["a", "b"], "correct_choice": 0"#,
            #""choice_log_likelihoods" is missing"#
        ),
        (#""metric": "bleu""#, #""metric" is "bleu"; expected one of f1, em"#),
        (#""metric": 7"#, #""metric" is a number"#), (#""scorer": "own""#, #""scorer" is "own""#),
        (#""classes": "x""#, #""classes" is a string"#), (#""classes": [7]"#, #""classes[0]" is a number"#),
        (#""choice_log_likelihoods": ["x"]"#, #""choice_log_likelihoods[0]" is a string"#),
        (#""correct_choice": "A""#, #""correct_choice" is a string"#),
    ])
    func faults(fields: String, message: String) {
        let fault = #expect(throws: JSONFields.Fault.self) {
            try read(#"{"id": "1", "prediction": "x", "answers": ["xy"], \#(fields)}"#)
        }
        #expect(fault?.reason.contains(message) == true, "\(String(describing: fault))")
    }
}

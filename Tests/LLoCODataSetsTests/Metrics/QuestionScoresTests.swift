import Foundation
import LLoCODataSets
import LLoCODocuments
import Testing

@Suite struct QuestionScoresTests {
    private static let always: Set<Metric> = [.f1, .em, .rouge1, .rouge2, .rougeL, .rougeLsum]

    private func question(
        _ metric: Metric, _ answers: [String], choices: [String] = [], correct: Int? = nil, classes: [String] = [],
        task: String? = nil
    ) -> EvaluationQuestion {
        EvaluationQuestion(
            id: "q", text: "?", answers: answers, choices: choices, correctChoice: correct, classes: classes,
            metric: metric, attributes: task.map { ["task": $0] } ?? [:])
    }

    /// Every question has six metrics and its own.
    @Test(arguments: Metric.allCases)
    func metrics(metric: Metric) {
        for answers in [[], [""], ["x", "Paragraph 3"]] {
            let scores = question(metric, answers).scores(of: "x 3")
            #expect(Set(scores.keys) == Self.always.union([metric]))
            for (name, score) in scores { #expect((0...1).contains(score), "\(name)") }
            if answers.isEmpty { #expect(scores.values.allSatisfy { $0 == 0 }) }
        }
    }

    /// The own metric is the maximum over the references.
    @Test func own() {
        #expect(question(.f1, ["no", "a b"]).scores(of: "b")[.f1] == 1)
        #expect(question(.classification, ["x"], classes: ["x", "y"]).scores(of: "x, y")[.classification] == 0.5)
        #expect(question(.retrieval, ["Paragraph 1", "Paragraph 2"]).scores(of: "2")[.retrieval] == 1)
        #expect(question(.count, ["4"]).scores(of: "4 or 5")[.count] == 0.5)
        #expect(question(.codeSimilarity, ["return x"]).scores(of: "# ok\nreturn x\nreturn")[.codeSimilarity] == 1)
        #expect(question(.stringMatch, ["12", "13"]).scores(of: "it is 13")[.stringMatch] == 0.5)
        #expect(question(.stringMatchAny, ["12", "13"]).scores(of: "it is 13")[.stringMatchAny] == 1)
        let rouge = question(.longbenchRougeL, ["no", "a b"]).scores(of: "a b")[.longbenchRougeL] ?? 0
        #expect(abs(rouge - 1) < 1e-7)
        let scores = question(.rougeGeometricMean, ["one two four"]).scores(of: "one two three four")
        let product = (scores[.rouge1] ?? 0) * (scores[.rouge2] ?? 0) * (scores[.rougeL] ?? 0)
        #expect(product > 0 && abs(pow(scores[.rougeGeometricMean] ?? 0, 3) - product) < 1e-12)
    }

    /// For tasks with invented further examples, only the first line is scored.
    @Test func firstLine() {
        let prediction = "\nParis\nQuestion: Which town?"
        for task in ["trec", "triviaqa", "samsum", "lsht", "samsum_e"] {
            #expect(question(.f1, ["Paris"], task: task).scores(of: prediction)[.f1] == 1)
        }
        #expect(question(.f1, ["Paris"], task: "hotpotqa").scores(of: prediction)[.f1] ?? 1 < 1)
        let classes = ["town", "Question"]
        #expect(
            question(.classification, ["town"], classes: classes, task: "trec")
                .scores(of: "town\nQuestion")[.classification] == 1)
    }

    /// A multiple choice is scored by letter and by likelihood, and the option's text is a reference.
    @Test func multipleChoice() {
        let question = question(.accuracy, ["B"], choices: ["a red door", "a blue door"], correct: 1)
        #expect(question.scores(of: "B")[.accuracy] == 1)
        #expect(question.scores(of: "(A)")[.accuracy] == 0)
        #expect(question.scores(of: "none")[.accuracy] == 0)
        let text = question.scores(of: "The blue door.", likelihoods: [-2, -1])
        #expect(text[.accuracy] == 1 && text[.em] == 1 && text[.accuracyByLikelihood] == 1)
        #expect(question.scores(of: "B", likelihoods: [-1, -2])[.accuracyByLikelihood] == 0)
        #expect(question.scores(of: "B", likelihoods: [])[.accuracyByLikelihood] == 0)
        #expect(question.scores(of: "B")[.accuracyByLikelihood] == nil)
        // A correct option out of range scores 0.
        let broken = self.question(.accuracy, ["C"], choices: ["x", "y"], correct: 2)
        #expect(broken.scores(of: "C")[.accuracy] == 0)
    }

    /// The letter A is an answer, and an empty answer is not.
    @Test func letterA() {
        let question = question(.accuracy, ["A"], choices: ["a red door", "a blue door"], correct: 0)
        for answer in ["A", "a", "(A)", "A."] {
            let scores = question.scores(of: answer)
            #expect(scores[.em] == 1 && scores[.f1] == 1 && scores[.accuracy] == 1, "\(answer)")
        }
        for answer in ["", " ", "the", "B", "AB"] {
            #expect(question.scores(of: answer)[.em] == 0, "\(answer)")
        }
        #expect(question.scores(of: "the red door")[.em] == 1)
        // SCROLLS: if the reference is the option's text, the letter does not match.
        let text = self.question(.em, ["a red door"], choices: ["a red door", "a blue door"], correct: 0)
        #expect(text.scores(of: "A")[.em] == 0 && text.scores(of: "red door")[.em] == 1)
    }

    /// ROUGE can compare stems.
    @Test func stems() {
        let stemming = ROUGE(tokenizer: ROUGETokenizer(stemmer: PorterStemmer()))
        let question = question(.rouge1, ["running"])
        #expect(question.scores(of: "runs")[.rouge1] == 0)
        #expect(question.scores(of: "runs", rouge: stemming)[.rouge1] == 1)
    }
}

import LLoCODataSets
import Testing

/// Special rules of data sets' scorers.
@Suite struct ScorerTests {
    private func scores(_ scorer: Scorer, _ prediction: String, _ references: [String]) -> [Metric: Double] {
        EvaluationQuestion(id: "q", text: "?", answers: references, metric: .f1, scorer: scorer).scores(of: prediction)
    }

    /// HotpotQA: its own script scores whole answers; LLoCO's scores up to the first full stop are additional.
    @Test func fullStop() {
        let sentence = scores(.hotpotqa, "The mill. It burnt down.", ["mill"])
        #expect(abs((sentence[.f1] ?? 0) - 0.4) < 1e-12 && sentence[.em] == 0)
        #expect(sentence[.f1ToFullStop] == 1 && sentence[.emToFullStop] == 1)
        let name = scores(.hotpotqa, "Ada B. Hill", ["Ada B. Hill"])
        #expect(name[.f1] == 1 && name[.em] == 1)
        #expect(abs((name[.f1ToFullStop] ?? 0) - 0.8) < 1e-12 && name[.emToFullStop] == 0)
        let stop = scores(.hotpotqa, ".", ["mill"])
        #expect(stop[.f1] == 0 && stop[.f1ToFullStop] == 0)
        // The part up to the full stop is scored as in SQuAD, without HotpotQA's rule for yes and no.
        let yes = scores(.hotpotqa, "yes they are. Really.", ["yes"])
        #expect(yes[.f1] == 0 && abs((yes[.f1ToFullStop] ?? 0) - 0.5) < 1e-12)
        #expect(scores(.standard, "The mill.", ["mill"])[.f1ToFullStop] == nil)
    }

    /// HotpotQA: yes, no and noanswer score 0 or 1.
    @Test(arguments: [
        ("yes", "Yes", 1.0), ("No.", "no", 1), ("yes they are", "yes", 0), ("yes", "yes they are", 0),
        ("no", "no man's land", 0), ("noanswer", "noanswer given", 0), ("the answer no", "answer no", 1),
    ])
    func yesAndNo(prediction: String, reference: String, f1: Double) {
        #expect(scores(.hotpotqa, prediction, [reference])[.f1] == f1)
    }

    /// TriviaQA: punctuation and underscores become blanks.
    @Test(arguments: [
        ("O'Neil", "o neil", 1.0), ("O\u{2019}Neil", "O\u{B4}Neil", 1), ("New_York", "new york", 1),
        ("the A-team", "team", 1), ("rock-n-roll", "rocknroll", 0), ("\u{2018}x\u{2019}", "x", 1),
    ])
    func triviaqa(prediction: String, reference: String, score: Double) {
        #expect(scores(.triviaqa, prediction, [reference])[.em] == score)
        #expect(scores(.triviaqa, prediction, [reference])[.f1] == score)
    }

    private static let choices = ["one", "two", "three", "four"]

    private func accuracy(_ scorer: Scorer, _ prediction: String, correct: Int) -> Double? {
        EvaluationQuestion(
            id: "q", text: "?", answers: ["ABCD".map { String($0) }[correct]], choices: Self.choices,
            correctChoice: correct, metric: .accuracy, scorer: scorer
        ).scores(of: prediction)[.accuracy]
    }

    /// QuALITY: the first letter decides.
    @Test(arguments: [
        ("B", 1.0), ("(B) two", 1), ("B, not A", 1), ("1. B", 1), ("The answer is B", 0), ("b", 0), ("", 0),
        ("A or B", 0), ("E", 0),
    ])
    func firstLetter(prediction: String, score: Double) {
        #expect(accuracy(.firstLetter, prediction, correct: 1) == score)
    }

    /// LongBench v2: the letter in the requested sentence decides.
    @Test(arguments: [
        ("The correct answer is (B)", 1.0), ("**The correct answer is B**", 1),
        ("So: The correct answer is (B), not (A).", 1),
        // A bracketed letter takes precedence, wherever it stands.
        ("The correct answer is A? The correct answer is (B)", 1), ("The correct answer is (B", 0),
        ("B", 0), ("(B)", 0), ("the correct answer is (B)", 0), ("The correct answer is (b)", 0),
        ("The correct answer is (E)", 0), ("The correct answer is (A)", 0), ("", 0),
    ])
    func correctAnswerIs(prediction: String, score: Double) {
        #expect(accuracy(.correctAnswerIs, prediction, correct: 1) == score)
    }
}

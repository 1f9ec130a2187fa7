import LLoCODataSets
import Testing

/// L-Eval's closed-ended score against hand-computed results of its published rules.
@Suite struct LEvalTests {
    @Test(
        arguments: [
            (.levalChoice, "B", "(B) The river", 1),
            (.levalChoice, "The answer is (B)", "(B) x", 1),
            (.levalChoice, "Because of A, B", "(B) x", 1),
            (.levalChoice, "b", "(A) x", 1),
            (.levalChoice, "b", "(B) x", 0),
            (.levalChoice, "BC", "(B) x", 0),
            (.levalChoice, "none", "B", 0),
            (.levalChoice, "x", "yes", 1),
            (.levalChoices, "AB", "AB", 1),
            (.levalChoices, "BA.", "AB", 1),
            (.levalChoices, "A", "AB", 0.25),
            (.levalChoices, "A, C", "AC", 0.25),
            (.levalChoices, "A. x C) y", "AC", 1),
            (.levalChoices, "A, B and D.", "ABD", 1),
            (.levalChoices, "ABC", "AB", 0),
            (.levalChoices, "none", "AB", 0.25),
            (.levalChoices, "The correct options are BD", "BD", 1),
            (.levalChoices, " ", "A", 0),
            (.levalChoice, "\n", "A", 0),
            (.levalChoices, "D. Question A.", "D", 1),
            (.levalChoices, "USA. C", "AC", 0.25),
            (.levalNumber, "So 3 and 4. The answer is 1,024.50 now", "The answer is 1024", 1),
            (.levalNumber, "It has 7 hens\n\nor 9", "The answer is 7", 1),
            (.levalNumber, "no", "The answer is 7", 0),
            (.levalNumber, "$18. It", "18", 1),
            (.levalNumber, "The answer is  5", "The answer is 5", 1),
            (.levalCode, "The final output is [1, 2]", "[1, 2]", 1),
            (.levalCode, "After all of the calls the final output of the code will be 3.0 4 and more", "3 4", 1),
            (.levalCode, "one two three four five six 8", "8", 1),
            (.levalCode, "8 one two three four five", "8", 0),
            (.levalCode, "[ [1] [2] ]", "[[1][2]]", 1),
            (.levalCode, "'a\\nb'", "a\\nb", 1),
            (.levalText, "The benefits of Tea", "benefits of tea", 1),
            (.levalText, "a\nThe tea\nThe mill", "the mill", 0),
            (.levalText, "a\nThe tea", "the tea", 1),
            (.levalText, "7.0", "7", 1),
            (.levalText, "7 mills", "7", 1),
            (.levalText, "1e1", "10", 1),
            (.levalText, "x", "y", 0),
            (.levalText, "Because of it", "B", 0),
            (.levalText, " B", "B", 1),
            (.levalText, "A", "AC", 0.25),
        ] as [(Scorer, String, String, Double)])
    func exam(scorer: Scorer, prediction: String, reference: String, score: Double) {
        #expect(LEval.exam(prediction: prediction, reference: reference, scorer: scorer) == score)
    }

    /// An empty answer scores 0 with every scorer.
    @Test(arguments: [Scorer.levalChoice, .levalChoices, .levalNumber, .levalCode, .levalText, .standard])
    func noAnswer(scorer: Scorer) {
        #expect(LEval.exam(prediction: "", reference: "A", scorer: scorer) == 0)
    }
}

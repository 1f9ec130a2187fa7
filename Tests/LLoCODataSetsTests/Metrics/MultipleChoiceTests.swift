import LLoCODataSets
import Testing

@Suite struct MultipleChoiceTests {
    private static let choices = ["The old king", "A river", "Vitamin C", "The king's son"]

    /// The option that an answer names.
    @Test(arguments: [
        ("B", 1), ("b", 1), ("(b)", 1), (" B. ", 1), ("**B**", 1), ("A", 0), ("(A) The old king", 0),
        ("B. A river", 1), ("B) because A and C are wrong", 1), ("Answer: C", 2), ("The answer is (D).", 3),
        ("A is wrong. The correct answer is (C)", 2), ("The answer is A because of the text", 0),
        ("Option D", 3), ("My choice is d.", 3), ("It is D, not B", 3),
        ("Vitamin C", 2), ("vitamin c.", 2), ("the old king!", 0), ("A river", 1), ("It was a river, I think", 1),
        ("A man told them of the king's son", 3), ("D'Arcy said B", 1), ("the B-side, D", 3),
        ("D: the king's son", 3), ("[c]", 2),
    ])
    func named(answer: String, choice: Int) {
        #expect(MultipleChoice.chosen(by: answer, choices: Self.choices) == choice)
    }

    /// Answers that name no option, or more than one.
    @Test(arguments: [
        "", " \n", "E", "e)", "no idea", "A man", "the old king or the king's son",
        "the U.S. army",
        "D'Arcy", "a", "A\u{301}b", "B-side", "the answer is a dog",
    ])
    func unnamed(answer: String) {
        // A single "a" is a letter, not an article.
        #expect(MultipleChoice.chosen(by: answer, choices: Self.choices) == (answer == "a" ? 0 : nil))
    }

    /// Letters beyond the last option do not count.
    @Test func count() {
        #expect(MultipleChoice.chosen(by: "C or B", choices: ["x", "y"]) == 1)
        #expect(MultipleChoice.chosen(by: "B", choices: []) == nil)
        // Two options with the same text are ambiguous.
        #expect(MultipleChoice.chosen(by: "same text", choices: ["same text", "Same text."]) == nil)
        #expect(MultipleChoice.chosen(by: "I", choices: Array(repeating: "x", count: 9)) == 8)
        #expect(MultipleChoice.chosen(by: "I think x", choices: ["x", "y"]) == 0)
        #expect(MultipleChoice.letter(0) == "A" && MultipleChoice.letter(25) == "Z")
        #expect(MultipleChoice.letter(26) == nil && MultipleChoice.letter(-1) == nil)
    }

    /// The most likely option, with and without length normalization.
    @Test func likelihood() {
        #expect(MultipleChoice.mostLikely([-3, -1, -2]) == 1)
        #expect(MultipleChoice.mostLikely([-3, -1, -2], lengths: [6, 1, 3]) == 0)
        #expect(MultipleChoice.mostLikely([-1, -1]) == 0)
        #expect(MultipleChoice.mostLikely([.nan, -5, .nan]) == 1)
        #expect(MultipleChoice.mostLikely([-.infinity]) == 0)
        #expect(MultipleChoice.mostLikely([.nan]) == nil && MultipleChoice.mostLikely([]) == nil)
        #expect(MultipleChoice.mostLikely([-4, -3], lengths: [0, 1]) == 1)
    }
}

/// What a data set's published scorer does otherwise than others with the same measure.
public enum Scorer: String, Sendable, Codable, CaseIterable {
    /// Nothing
    case standard
    /// HotpotQA: an answer ends at its first full stop, and F1 with `yes`, `no` or `noanswer` is 0 unless both are the same
    case hotpotqa
    /// TriviaQA: punctuation and `_` are blanks, where SQuAD's normalisation leaves nothing in their place
    case triviaqa
    /// QuALITY: the option is the answer's first letter
    case firstLetter = "first_letter"
    /// LongBench v2: the option is the letter in "The correct answer is (X)"
    case correctAnswerIs = "correct_answer_is"

    /// The part of an answer that is judged.
    func judged(_ prediction: String) -> String {
        guard self == .hotpotqa else { return prediction }
        return String(String.UnicodeScalarView(prediction.unicodeScalars.prefix { $0 != "." }))
    }

    func normalized(_ text: String) -> NormalizedAnswer {
        self == .triviaqa ? NormalizedAnswer(TriviaQA.withoutPunctuation(text)) : NormalizedAnswer(text)
    }

    /// Token F1 of normalised texts.
    func f1(_ prediction: NormalizedAnswer, _ references: [NormalizedAnswer]) -> Double {
        guard self == .hotpotqa else { return TokenF1.score(prediction, references) }
        let closed = ["yes", "no", "noanswer"].map { NormalizedAnswer($0) }
        let comparable = references.filter { reference in
            reference == prediction || !closed.contains(reference) && !closed.contains(prediction)
        }
        return TokenF1.score(prediction, comparable)
    }

    /// The option that an answer chooses.
    func choice(_ prediction: String, of choices: [String]) -> Int? {
        switch self {
        case .firstLetter: MultipleChoice.firstLetter(of: prediction, count: choices.count)
        case .correctAnswerIs: MultipleChoice.correctAnswer(in: prediction, count: choices.count)
        case .standard, .hotpotqa, .triviaqa: MultipleChoice.chosen(by: prediction, choices: choices)
        }
    }

    /// An option's letter as an answer gives it.
    package func answer(letter: String) -> String {
        self == .correctAnswerIs ? "The correct answer is (\(letter))" : letter
    }
}

/// The normalisation of TriviaQA's scorer (Joshi et al. 2017), which is SQuAD's of a text without punctuation.
private enum TriviaQA {
    static func withoutPunctuation(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPunctuation($0) ? " " : $0 }))
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: "\u{2018}\u{2019}\u{B4}".unicodeScalars.contains(scalar)
        }
    }
}

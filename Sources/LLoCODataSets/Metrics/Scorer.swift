/// What a data set's published scorer does otherwise than others with the same measure.
public enum Scorer: String, Sendable, Codable, CaseIterable {
    /// Nothing
    case standard
    /// HotpotQA: F1 with `yes`, `no` or `noanswer` is 0 unless both are the same; what LLoCO reports of the set,
    /// ``Metric/f1ToFullStop`` and ``Metric/emToFullStop``, is computed besides
    ///
    /// Named after the script, and other than before answers were judged whole: a run of then does not go on.
    case hotpotqa = "hotpotqa_v1"
    /// TriviaQA: punctuation and `_` are blanks, where SQuAD's normalisation leaves nothing in their place
    case triviaqa
    /// SQuAD 2.0: no answer, or ``noAnswer``, is right where the text has none, and only there
    case squad2
    /// QuALITY: the option is the answer's first letter
    case firstLetter = "first_letter"
    /// LongBench v2: the option is the letter in "The correct answer is (X)"
    case correctAnswerIs = "correct_answer_is"
    /// L-Eval: what a letter, several letters, a number, a program's output and a text are found by (``LEval``)
    case levalChoice = "leval_choice"
    case levalChoices = "leval_choices"
    case levalNumber = "leval_number"
    case levalCode = "leval_code"
    case levalText = "leval_text"

    /// What SQuAD 2.0's questions are asked to be answered with where the text does not say.
    public static let noAnswer = "unanswerable"

    func normalized(_ text: String) -> NormalizedAnswer {
        switch self {
        case .triviaqa: return NormalizedAnswer(TriviaQA.withoutPunctuation(text))
        case .squad2:
            let answer = NormalizedAnswer(text)
            return answer == NormalizedAnswer(Self.noAnswer) ? NormalizedAnswer("") : answer
        default: return NormalizedAnswer(text)
        }
    }

    /// The normalised references that count: of SQuAD 2.0 those of which something is left, where there are any.
    func normalized(references: [String]) -> [NormalizedAnswer] {
        let normalized = references.map { self.normalized($0) }
        guard self == .squad2 else { return normalized }
        let answers = normalized.filter { !$0.text.isEmpty }
        return answers.isEmpty ? Array(normalized.prefix(1)) : answers
    }

    /// Token F1 of normalised texts.
    func f1(_ prediction: NormalizedAnswer, _ references: [NormalizedAnswer]) -> Double {
        // Two answers of which nothing is left agree.
        if self == .squad2, prediction.text.isEmpty { return references.contains(prediction) ? 1 : 0 }
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
        default: MultipleChoice.chosen(by: prediction, choices: choices)
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

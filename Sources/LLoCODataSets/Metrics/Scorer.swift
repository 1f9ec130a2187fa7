/// Special rules of data sets' published scorers.
public enum Scorer: String, Sendable, Codable, CaseIterable {
    /// No special rules.
    case standard
    /// HotpotQA: F1 with `yes`, `no` or `noanswer` is 0 unless both are equal. LLoCO's figures for the set,
    /// ``Metric/f1ToFullStop`` and ``Metric/emToFullStop``, are computed too.
    ///
    /// Named after the script. The raw value changed when whole answers began to be scored: older runs do not resume.
    case hotpotqa = "hotpotqa_v1"
    /// TriviaQA: punctuation and `_` become blanks; SQuAD's normalization drops punctuation.
    case triviaqa
    /// SQuAD 2.0: an empty answer or ``noAnswer`` is correct for unanswerable questions only.
    case squad2
    /// QuALITY: the option is the answer's first letter.
    case firstLetter = "first_letter"
    /// LongBench v2: the option is the letter in "The correct answer is (X)".
    case correctAnswerIs = "correct_answer_is"
    /// L-Eval: the answer is one letter (``LEval``).
    case levalChoice = "leval_choice"
    /// L-Eval: the answer is one or more letters.
    case levalChoices = "leval_choices"
    /// L-Eval: the answer is a number.
    case levalNumber = "leval_number"
    /// L-Eval: the answer is a program's output.
    case levalCode = "leval_code"
    /// L-Eval: the answer is a text.
    case levalText = "leval_text"

    /// The requested answer to SQuAD 2.0's unanswerable questions.
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

    /// The normalized references. For SQuAD 2.0, empty ones are dropped if another one is left.
    func normalized(references: [String]) -> [NormalizedAnswer] {
        let normalized = references.map { self.normalized($0) }
        guard self == .squad2 else { return normalized }
        let answers = normalized.filter { !$0.text.isEmpty }
        return answers.isEmpty ? Array(normalized.prefix(1)) : answers
    }

    /// Token F1 of normalized texts.
    func f1(_ prediction: NormalizedAnswer, _ references: [NormalizedAnswer]) -> Double {
        // Two empty normalized answers agree.
        if self == .squad2, prediction.text.isEmpty { return references.contains(prediction) ? 1 : 0 }
        guard self == .hotpotqa else { return TokenF1.score(prediction, references) }
        let closed = ["yes", "no", "noanswer"].map { NormalizedAnswer($0) }
        let comparable = references.filter { reference in
            reference == prediction || !closed.contains(reference) && !closed.contains(prediction)
        }
        return TokenF1.score(prediction, comparable)
    }

    /// The index of the option that an answer chooses.
    func choice(_ prediction: String, of choices: [String]) -> Int? {
        switch self {
        case .firstLetter: MultipleChoice.firstLetter(of: prediction, count: choices.count)
        case .correctAnswerIs: MultipleChoice.correctAnswer(in: prediction, count: choices.count)
        default: MultipleChoice.chosen(by: prediction, choices: choices)
        }
    }

    /// The expected answer for an option's letter.
    package func answer(letter: String) -> String {
        self == .correctAnswerIs ? "The correct answer is (\(letter))" : letter
    }
}

/// The additional normalization of TriviaQA's scorer (Joshi et al. 2017), applied before SQuAD's.
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

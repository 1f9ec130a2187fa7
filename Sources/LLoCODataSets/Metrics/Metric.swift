/// What an answer is judged by; each is 0...1 an answer, the best over the references, and reported x 100.
public enum Metric: String, Sendable, Codable, CaseIterable {
    /// SQuAD's and SCROLLS' token F1 and exact match
    case f1, em
    /// The same of an answer up to its first full stop: LLoCO's figures for HotpotQA
    case f1ToFullStop = "f1_to_full_stop"
    case emToFullStop = "em_to_full_stop"
    /// SQuAD 2.0: the same over the questions that the text answers, and over those that it does not
    case hasAnswerF1 = "has_answer_f1"
    case hasAnswerEM = "has_answer_em"
    case noAnswerF1 = "no_answer_f1"
    case noAnswerEM = "no_answer_em"
    case rouge1, rouge2, rougeL, rougeLsum
    /// Cube root of the product of the means of ROUGE-1, -2 and -L over a set; of one answer that of its own three
    case rougeGeometricMean = "rouge_geometric_mean"
    /// LongBench: ROUGE-L of the `rouge` package, which is not `rouge-score`'s
    case longbenchRougeL = "longbench_rouge_l"
    /// LongBench: a class that the answer names, shared between all that it names
    case classification
    /// LongBench: the share of the numbers in the answer that are the right paragraph's
    case retrieval
    /// LongBench: the share of the numbers in the answer that are the right count
    case count
    /// LongBench: similarity of the first line of code
    case codeSimilarity = "code_similarity"
    /// L-Eval's closed-ended tasks: exact match of a letter, a number or a text, a quarter for some of several right letters
    case levalExam = "leval_exam"
    /// LooGLE: the recall of ``longbenchRougeL``'s ROUGE-L
    case loogleRougeL = "loogle_rouge_l"
    /// RULER: the share of the strings that the answer holds
    case stringMatch = "string_match"
    /// RULER's question answering: whether the answer holds any of them
    case stringMatchAny = "string_match_any"
    /// Multiple choice: whether the letter that was generated is the right one
    case accuracy
    /// Multiple choice: whether the right option's letter is the likeliest
    case accuracyByLikelihood = "accuracy_by_likelihood"

    /// Those that need no more than an answer and its references, the only ones that our own question sets can have.
    public static let ofQuestionSets: [Metric] = [
        .f1, .em, .f1ToFullStop, .emToFullStop, .rougeGeometricMean, .rouge1, .rouge2, .rougeL, .rougeLsum,
        .longbenchRougeL, .loogleRougeL, .stringMatch, .stringMatchAny,
    ]

    /// Those that lines of predictions can be given: what some of them need besides answers the lines have to bring.
    package static let ofPredictions: [Metric] =
        ofQuestionSets + [
            .classification, .retrieval, .count, .codeSimilarity, .levalExam, .accuracy, .accuracyByLikelihood,
        ]

    /// Those that some questions have beside their own, in the order in which they are reported.
    package static let beside: [Metric] = [
        .f1ToFullStop, .emToFullStop, .hasAnswerEM, .hasAnswerF1, .noAnswerEM, .noAnswerF1, .accuracyByLikelihood,
    ]
}

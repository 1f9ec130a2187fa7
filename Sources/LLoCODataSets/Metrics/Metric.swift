/// A metric of answers. A score is 0...1 per answer, the maximum over the references; means are reported x 100.
public enum Metric: String, Sendable, Codable, CaseIterable {
    /// Token F1 and exact match of SQuAD and SCROLLS.
    case f1, em
    /// Token F1 of an answer up to its first full stop: LLoCO's figure for HotpotQA.
    case f1ToFullStop = "f1_to_full_stop"
    /// Exact match of an answer up to its first full stop: LLoCO's figure for HotpotQA.
    case emToFullStop = "em_to_full_stop"
    /// SQuAD 2.0: token F1 over the answerable questions.
    case hasAnswerF1 = "has_answer_f1"
    /// SQuAD 2.0: exact match over the answerable questions.
    case hasAnswerEM = "has_answer_em"
    /// SQuAD 2.0: token F1 over the unanswerable questions.
    case noAnswerF1 = "no_answer_f1"
    /// SQuAD 2.0: exact match over the unanswerable questions.
    case noAnswerEM = "no_answer_em"
    /// ROUGE F-measures (``ROUGE``).
    case rouge1, rouge2, rougeL, rougeLsum
    /// Cube root of the product of the means of ROUGE-1, -2 and -L over a set; for one answer, of its three scores.
    case rougeGeometricMean = "rouge_geometric_mean"
    /// LongBench: ROUGE-L of the `rouge` package, which differs from `rouge-score`'s.
    case longbenchRougeL = "longbench_rouge_l"
    /// LongBench: 1 / (number of classes named) if the correct class is among them.
    case classification
    /// LongBench: the share of the numbers in the answer that are the correct paragraph's number.
    case retrieval
    /// LongBench: the share of the numbers in the answer that are the correct count.
    case count
    /// LongBench: similarity of the first line of code.
    case codeSimilarity = "code_similarity"
    /// L-Eval's closed-ended tasks: exact match of letters, a number or a text; 0.25 for some of the correct letters.
    case levalExam = "leval_exam"
    /// LooGLE: the recall of the ROUGE-L of ``longbenchRougeL``.
    case loogleRougeL = "loogle_rouge_l"
    /// RULER: the share of the references that occur in the answer.
    case stringMatch = "string_match"
    /// RULER's question answering: whether any reference occurs in the answer.
    case stringMatchAny = "string_match_any"
    /// Multiple choice: whether the generated letter is correct.
    case accuracy
    /// Multiple choice: whether the correct option's letter has the highest log-probability.
    case accuracyByLikelihood = "accuracy_by_likelihood"

    /// The metrics that need only an answer and its references; the only ones available for our own question sets.
    public static let ofQuestionSets: [Metric] = [
        .f1, .em, .f1ToFullStop, .emToFullStop, .rougeGeometricMean, .rouge1, .rouge2, .rougeL, .rougeLsum,
        .longbenchRougeL, .loogleRougeL, .stringMatch, .stringMatchAny,
    ]

    /// The metrics that prediction lines can name. Some need more fields than the answers.
    package static let ofPredictions: [Metric] =
        ofQuestionSets + [
            .classification, .retrieval, .count, .codeSimilarity, .levalExam, .accuracy, .accuracyByLikelihood,
        ]

    /// The metrics that some questions have in addition to their own, in the order of reports.
    package static let supplementary: [Metric] = [
        .f1ToFullStop, .emToFullStop, .hasAnswerEM, .hasAnswerF1, .noAnswerEM, .noAnswerF1, .accuracyByLikelihood,
    ]
}

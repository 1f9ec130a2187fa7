import LLoCOBase
import LLoCODataSets

extension EvaluationReport {
    /// A metric's title in table headers; default the metric's name.
    public static func title(of metric: String) -> String {
        titles[metric] ?? metric.replacing("_", with: " ")
    }

    /// The title, with the number of questions if not all questions have the metric.
    public func countedTitle(of metric: String) -> String {
        let title = Self.title(of: metric)
        guard let mode = modes.first, let count = mode.counts[metric], count != mode.questions else { return title }
        return "\(title) (\(NumberText.count(count)) question\(count == 1 ? "" : "s"))"
    }

    private static let titles = [
        ownScore: "Score", "f1": "F1", "em": "Exact match",
        "f1_to_full_stop": "F1 to the first full stop", "em_to_full_stop": "Exact match to the first full stop",
        "has_answer_f1": "F1, has answer", "has_answer_em": "Exact match, has answer",
        "no_answer_f1": "F1, no answer", "no_answer_em": "Exact match, no answer", "leval_exam": "L-Eval exam",
        "loogle_rouge_l": "ROUGE-L recall (LooGLE)", "rouge1": "ROUGE-1", "rouge2": "ROUGE-2",
        "rougeL": "ROUGE-L", "rougeLsum": "ROUGE-Lsum", "rouge_geometric_mean": "ROUGE geometric mean",
        "longbench_rouge_l": "ROUGE-L (LongBench)", "classification": "Classification", "retrieval": "Retrieval",
        "count": "Count", "code_similarity": "Code similarity", "string_match": "String match",
        "string_match_any": "String match, any", "accuracy": "Accuracy",
        "accuracy_by_likelihood": "Accuracy by likelihood",
    ]
}

extension AnswerMode {
    /// The index of the mode's colour, marker and dash in every plot.
    var plotStyle: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

import LLoCO

extension EvaluationReport {
    /// A metric as a table's head has it; one without a title here goes by its own name.
    static func title(of metric: String) -> String {
        titles[metric] ?? metric.replacing("_", with: " ")
    }

    private static let titles = [
        ownScore: "Score", "f1": "F1", "em": "Exact match", "rouge1": "ROUGE-1", "rouge2": "ROUGE-2",
        "rougeL": "ROUGE-L", "rougeLsum": "ROUGE-Lsum", "rouge_geometric_mean": "ROUGE mean",
        "longbench_rouge_l": "ROUGE-L (LongBench)", "classification": "Classification", "retrieval": "Retrieval",
        "count": "Count", "code_similarity": "Code similarity", "string_match": "String match",
        "string_match_any": "String match, any", "accuracy": "Accuracy",
        "accuracy_by_likelihood": "Accuracy by likelihood",
    ]
}

extension AnswerMode {
    /// The colour, marker and dash that the mode has in every plot.
    var plotStyle: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

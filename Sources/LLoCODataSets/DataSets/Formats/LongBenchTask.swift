import LLoCODocuments

/// A task of LongBench v1 (Bai et al. 2023): what is asked, and the published measure.
struct LongBenchTask {
    var name: String
    var metric: Metric
    /// The published length of an answer (`dataset2maxlen.json` of its scripts)
    var answerTokens: Int
    /// Stands before the record's input; in our own words.
    var instruction: String
    /// What the input is called between the two; nil where the input has no place.
    var label: String?

    /// The question that a record's input makes.
    func question(_ input: String) -> String {
        guard let label, input.contains(where: { !$0.isWhitespace }) else { return instruction }
        return label.isEmpty ? "\(instruction)\n\n\(input)" : "\(instruction)\n\n\(label): \(input)"
    }

    /// Their measures count Chinese words, and nothing here tells those apart.
    static let chinese: Set<String> = ["multifieldqa_zh", "dureader", "vcsum", "lsht", "passage_retrieval_zh"]

    static let all: [String: LongBenchTask] = {
        let passages = "Answer the question from the passages above. Give only the answer."
        let code = "Continue the code above. Give only the next line."
        let tasks = [
            LongBenchTask(
                name: "narrativeqa", metric: .f1, answerTokens: 128,
                instruction: "Answer the question about the story above in as few words as you can.", label: "Question"),
            LongBenchTask(
                name: "qasper", metric: .f1, answerTokens: 128,
                instruction: """
                    Answer the question about the article above in as few words as you can. Where the article does not \
                    say, answer "unanswerable"; a question of yes or no gets "yes", "no" or "unanswerable".
                    """, label: "Question"),
            LongBenchTask(
                name: "multifieldqa_en", metric: .f1, answerTokens: 64,
                instruction: "Answer the question about the text above. Give only the answer.", label: "Question"),
            LongBenchTask(name: "hotpotqa", metric: .f1, answerTokens: 32, instruction: passages, label: "Question"),
            LongBenchTask(name: "2wikimqa", metric: .f1, answerTokens: 32, instruction: passages, label: "Question"),
            LongBenchTask(name: "musique", metric: .f1, answerTokens: 32, instruction: passages, label: "Question"),
            LongBenchTask(
                name: "gov_report", metric: .longbenchRougeL, answerTokens: 512,
                instruction: "Summarize the government report above in about a page.", label: nil),
            LongBenchTask(
                name: "qmsum", metric: .longbenchRougeL, answerTokens: 512,
                instruction: "Answer the request about the meeting above in a few sentences.", label: "Request"),
            LongBenchTask(
                name: "multi_news", metric: .longbenchRougeL, answerTokens: 512,
                instruction: "Summarize all of the news above together in about a page.", label: nil),
            LongBenchTask(
                name: "trec", metric: .classification, answerTokens: 64,
                instruction: "The examples above give the type of each question. Give the type of this one.", label: ""),
            LongBenchTask(
                name: "triviaqa", metric: .f1, answerTokens: 32,
                instruction:
                    "Answer the question about the passage below as the examples above do. Give only the answer.",
                label: ""),
            LongBenchTask(
                name: "samsum", metric: .longbenchRougeL, answerTokens: 128,
                instruction: "Summarize the dialogue below as the examples above do.", label: ""),
            LongBenchTask(
                name: "passage_count", metric: .count, answerTokens: 32,
                instruction: """
                    Some of the paragraphs above may be there more than once. How many different paragraphs are there? \
                    Give only the number.
                    """, label: nil),
            LongBenchTask(
                name: "passage_retrieval_en", metric: .retrieval, answerTokens: 32,
                instruction: """
                    The text below is the summary of one of the numbered paragraphs above. Which one? Answer in the form \
                    "Paragraph 1".
                    """, label: "Summary"),
            LongBenchTask(name: "lcc", metric: .codeSimilarity, answerTokens: 64, instruction: code, label: ""),
            LongBenchTask(
                name: "repobench-p", metric: .codeSimilarity, answerTokens: 64,
                instruction: "Continue the code below, which uses the code above. Give only the next line.", label: ""),
        ]
        return Dictionary(uniqueKeysWithValues: tasks.map { ($0.name, $0) })
    }()
}

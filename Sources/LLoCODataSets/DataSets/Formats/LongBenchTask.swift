import LLoCOTokenizers

/// A task of LongBench v1 (Bai et al. 2023): its instruction and the published metric.
struct LongBenchTask {
    var name: String
    var metric: Metric
    /// The published maximum answer length in tokens (`dataset2maxlen.json` of LongBench's scripts).
    var answerTokens: Int
    /// Stands before the record's input, and before the text in a continuation task; in our own wording.
    var instruction: String
    /// The label of the input; nil if the question does not contain the input.
    var label: String?
    /// The strings around the input of a continuation task, which uses no chat template; nil for the other tasks.
    var inputAffixes: (before: String, after: String)?

    /// The prompt form of the question.
    var form: PromptForm { inputAffixes == nil ? .chat : .continuation(opening: instruction + "\n\n") }

    /// The question with a record's input.
    func question(_ input: String) -> String {
        if let inputAffixes { return inputAffixes.before + input + inputAffixes.after }
        guard let label, input.contains(where: { !$0.isWhitespace }) else { return instruction }
        return label.isEmpty ? "\(instruction)\n\n\(input)" : "\(instruction)\n\n\(label): \(input)"
    }

    /// The record's own question without our instruction; nil if it has none.
    func originalQuestion(_ input: String) -> String? {
        (inputAffixes != nil || label != nil) && input.contains(where: { !$0.isWhitespace }) ? input : nil
    }

    /// Unsupported tasks: their metrics need Chinese word segmentation, for which LongBench uses jieba.
    static let needingWordSegmentation: Set<String> = ["multifieldqa_zh", "dureader", "vcsum"]

    static let all: [String: LongBenchTask] = {
        let passages = "Answer the question from the passages above. Give only the answer."
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
                instruction: "Each question below is followed by its type. Give the type of the last one.",
                inputAffixes: ("\n", "")),
            LongBenchTask(
                name: "triviaqa", metric: .f1, answerTokens: 32,
                instruction: """
                    Answer the last question from the passage before it, as the examples do. Give only the answer.
                    """, inputAffixes: ("\n\n", "")),
            LongBenchTask(
                name: "samsum", metric: .longbenchRougeL, answerTokens: 128,
                instruction: "Summarize the last dialogue in a few short sentences, as the examples do.",
                inputAffixes: ("\n\n", "")),
            LongBenchTask(
                name: "lsht", metric: .classification, answerTokens: 64,
                instruction: "下面每条新闻后面都写有它的类别。请写出最后一条新闻的类别。", inputAffixes: ("\n", "")),
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
            LongBenchTask(
                name: "passage_retrieval_zh", metric: .retrieval, answerTokens: 32,
                instruction: "下面的文字是上文某一段落的摘要。它出自哪一段？请按“段落1”的格式回答。", label: "摘要"),
            LongBenchTask(
                name: "lcc", metric: .codeSimilarity, answerTokens: 64, instruction: "Continue this code by a line.",
                inputAffixes: ("", "Next line:\n")),
            LongBenchTask(
                name: "repobench-p", metric: .codeSimilarity, answerTokens: 64,
                instruction: "Continue the last of these files by a line.", inputAffixes: ("", "Next line:\n")),
        ]
        return Dictionary(uniqueKeysWithValues: tasks.map { ($0.name, $0) })
    }()
}

import LLoCOBase

/// A reader of L-Eval (An et al. 2023): one document per line, with two lists of questions and references.
///
/// The field `evaluation` selects the metric: `exam` is L-Eval's exact match for closed-ended tasks
/// (``Metric/levalExam``), `f1` and `rouge` are SCROLLS'. Lines that people or a model judge are reported as malformed,
/// and so is `sci_fi`, whose questions are asked a second time without the text. Questions of `f1` and `rouge` state
/// the reference's number of words, as in L-Eval's scripts.
struct LEvalRecords: DataRecordReader {
    /// Maximum answer length in tokens, from L-Eval's scripts.
    private static let answerTokens = 512

    private let task: LEvalTask?
    private var hasRemarked = false

    /// - Parameter task: the task of every line; nil to take it from each line's `source`
    init(task: LEvalTask?) {
        self.task = task
    }

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let source = record.label("source") ?? ""
        let task = task ?? LEvalTask.named(in: source)
        let name = task?.rawValue ?? (source.isEmpty ? "leval" : source)
        guard task != .sciFi else {
            throw JSONFields.Fault(
                reason: "the task is sci_fi, which is not supported: its measure asks each question a second time, "
                    + "without the text")
        }
        let (metric, scorer) = try Self.measure(record, task)
        let text = try record.text("input")
        let instructions = try record.texts("instructions", of: "questions")
        let outputs = try record.texts("outputs", of: "references")
        guard instructions.count == outputs.count else {
            throw record.fault(
                "outputs", "holds \(outputs.count) references; expected \(instructions.count), one per question")
        }
        let id = "\(name)-\(place.number)"
        let questions = zip(instructions, outputs).enumerated().map { index, pair in
            let (instruction, output) = pair
            return EvaluationQuestion(
                id: "\(id)-\(index + 1)", text: instruction + "\n" + Self.request(metric, scorer, output),
                originalText: instruction, answers: [output], metric: metric, scorer: scorer,
                answerTokens: Self.answerTokens, attributes: ["task": name])
        }
        try set.add(
            EvaluationDocument(id: id, title: id, text: text, questions: questions), place, mergingEqualTexts: true)
        if metric == .levalExam, task?.scorer == nil, !hasRemarked {
            hasRemarked = true
            set.remark(
                "\(id.printable(limit: 80)): neither the file's name nor \"source\" gives the task of an exam: such "
                    + "exams are scored as texts, as L-Eval's script does")
        }
    }

    private static func measure(_ record: JSONFields, _ task: LEvalTask?) throws -> (Metric, Scorer) {
        switch record.label("evaluation")?.lowercased() {
        case "exam": return (.levalExam, task?.scorer ?? .levalText)
        case "f1": return (.f1, .standard)
        case "rouge": return (.rougeGeometricMean, .standard)
        case "human":
            throw record.fault("evaluation", "is human, which is not supported: its answers are judged by people")
        case "llm":
            throw record.fault("evaluation", "is LLM, which is not supported: its answers are judged by another model")
        case let other:
            let found = other.map { "is \"\($0.printable(limit: 40))\"" } ?? "is missing"
            throw record.fault("evaluation", "\(found); expected exam, f1, rouge, human or LLM")
        }
    }

    /// The request added to L-Eval's own question, in our wording.
    private static func request(_ metric: Metric, _ scorer: Scorer, _ output: String) -> String {
        guard metric == .levalExam else {
            let words = output.split(whereSeparator: \.isWhitespace).count
            return "Answer in about \(words) word\(words == 1 ? "" : "s")."
        }
        return switch scorer {
        case .levalChoice: "Answer with the letter alone."
        case .levalChoices: "One or more are right. Answer with their letters alone, as A or AB."
        case .levalNumber: "End with \"The answer is\" and the number."
        default: "Give only the answer."
        }
    }
}

/// A task of L-Eval: the closed-ended tasks in the order in which L-Eval's script searches for them, then the others.
enum LEvalTask: String, CaseIterable {
    case coursera, quality, tpo
    case gsm = "gsm100"
    case codeU
    case sciFi = "sci_fi"
    case topics = "topic_retrieval_longchat"
    case financialQA = "financial_qa"
    case govReport = "gov_report_summ"
    case legalContractQA = "legal_contract_qa"
    case meetings = "meeting_summ"
    case multidocQA = "multidoc_qa"
    case narrativeQA = "narrative_qa"
    case naturalQuestion = "natural_question"
    case news = "news_summ"
    case paperAssistant = "paper_assistant"
    case patents = "patent_summ"
    case reviews = "review_summ"
    case scientificQA = "scientific_qa"
    case shows = "tv_show_summ"

    /// The scoring rules of a closed-ended task; nil for the other tasks.
    var scorer: Scorer? {
        switch self {
        case .quality, .tpo: .levalChoice
        case .coursera: .levalChoices
        case .gsm: .levalNumber
        case .codeU: .levalCode
        case .sciFi, .topics: .levalText
        default: nil
        }
    }

    /// The task that a file name or a line's source contains, searched as in L-Eval's script.
    static func named(in text: String) -> LEvalTask? {
        allCases.first { $0.searchStrings.contains { text.contains($0) } }
    }

    private var searchStrings: [String] {
        switch self {
        case .gsm: ["gsm"]
        // The stories' `source` names their origin instead of the task.
        case .sciFi: [rawValue, "SFGram"]
        case .topics: ["topic_retrieval"]
        default: [rawValue]
        }
    }
}

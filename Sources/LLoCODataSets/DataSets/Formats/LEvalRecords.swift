import LLoCOBase

/// L-Eval (An et al. 2023): a line a document, with questions and their references in two lists.
///
/// `evaluation` tells the measure: `exam` is L-Eval's exact match for closed-ended tasks (``Metric/levalExam``), `f1` and
/// `rouge` are SCROLLS'. What people or a model judge is named and not scored, and so is `sci_fi`, whose questions are asked
/// a second time without the text. Questions of `f1` and `rouge` say how many words the reference has, as L-Eval's scripts
/// do.
struct LEvalRecords: DataRecordReader {
    /// Tokens that an answer may have, in L-Eval's scripts.
    private static let answerTokens = 512

    private let named: String

    /// - Parameter named: a task, or the name of its file
    init(named: String) {
        self.named = named
    }

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let source = record.label("source") ?? ""
        let task = LEvalTask.named(in: named) ?? LEvalTask.named(in: source)
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
                "outputs", "holds \(outputs.count) references; expected \(instructions.count), one a question")
        }
        let id = "\(name)-\(place.number)"
        let questions = zip(instructions, outputs).enumerated().map { index, pair in
            let (instruction, output) = pair
            return EvaluationQuestion(
                id: "\(id)-\(index + 1)", text: instruction + "\n" + Self.request(metric, scorer, output),
                answers: [output], metric: metric, scorer: scorer, answerTokens: Self.answerTokens,
                attributes: ["task": name])
        }
        try set.add(
            EvaluationDocument(id: id, title: id, text: text, questions: questions), place, mergingEqualTexts: true)
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

    /// What is asked besides L-Eval's own question; in our words.
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

/// A closed-ended task of L-Eval with a rule of its own.
private enum LEvalTask: String, CaseIterable {
    case coursera, quality, tpo
    case gsm = "gsm100"
    case codeU
    case sciFi = "sci_fi"

    /// How its answers are read.
    var scorer: Scorer {
        switch self {
        case .quality, .tpo: .levalChoice
        case .coursera: .levalChoices
        case .gsm: .levalNumber
        case .codeU: .levalCode
        case .sciFi: .levalText
        }
    }

    /// The task that a file's name or a line's source names, as L-Eval's script looks for it.
    static func named(in text: String) -> LEvalTask? {
        // The stories of sci_fi say where they are from instead.
        text.contains("SFGram") ? .sciFi : allCases.first { text.contains($0 == .gsm ? "gsm" : $0.rawValue) }
    }
}

import LLoCOBase

/// A reader of LooGLE (Li et al. 2023): each line is a text with a Python list of questions, or one question with its
/// text.
///
/// The metric is ``Metric/loogleRougeL``. `shortdep_cloze` is reported as malformed: its score counts the masks of all
/// dictionaries together.
struct LooGLERecords: DataRecordReader {
    private let task: LooGLETask?

    /// - Parameter task: the task of lines that do not name one; nil if unknown
    init(task: LooGLETask?) {
        self.task = task
    }

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        let task = record.label("task").flatMap { LooGLETask.named(in: $0) } ?? task
        if task == .cloze { throw Self.cloze }
        if record.has("question") {
            try readRow(record, task, place, into: &set)
        } else {
            try readText(record, task, place, into: &set)
        }
    }

    /// Reads one question with its text.
    private func readRow(
        _ record: JSONFields, _ task: LooGLETask?, _ place: RecordPlace, into set: inout EvaluationSetBuilder
    ) throws {
        let id = record.label("id") ?? "loogle-\(place.number)"
        let text = try record.text("context")
        let question = Self.question(
            id, try record.text("question"), try record.text("answer"), task, evidence: record.label("evidence"))
        try set.add(
            EvaluationDocument(id: id, title: record.label("title") ?? id, text: text, questions: [question]), place,
            mergingEqualTexts: true)
    }

    private func readText(
        _ record: JSONFields, _ task: LooGLETask?, _ place: RecordPlace, into set: inout EvaluationSetBuilder
    ) throws {
        let id = "loogle-\(place.number)"
        let text = try record.text("input")
        let pairs = try Self.pairs(record)
        var questions: [EvaluationQuestion] = []
        for (index, pair) in pairs.enumerated() {
            let name = "\(id)-\(index + 1)"
            do {
                questions.append(try Self.question(name, pair, task))
            } catch let fault as JSONFields.Fault {
                try set.reject(fault, place, record: name)
            }
        }
        if pairs.isEmpty {
            questions = [Self.question("\(id)-1", "Summarize the text.", try record.text("output"), .summarization)]
        }
        guard !questions.isEmpty else { return }
        try set.add(
            EvaluationDocument(id: id, title: record.label("title") ?? id, text: text, questions: questions), place)
    }

    private static let cloze = JSONFields.Fault(
        reason:
            "the task is shortdep_cloze, which is not supported: its score counts the masks of all dictionaries")

    /// The pairs of question and answer; empty if the task is a summary.
    private static func pairs(_ record: JSONFields) throws -> [JSONValue] {
        let value = record.optional("qa_pairs")
        if let list = value?.array { return list }
        guard let text = value?.string else {
            let found = value.map { "is \($0.kind)" } ?? "is missing"
            throw record.fault("qa_pairs", "\(found); expected a list of questions, or \"none\"")
        }
        if text.lowercased() == "none" { return [] }
        do throws(PythonLiteral.Fault) {
            guard let list = try PythonLiteral.parse(text).array, !list.isEmpty else {
                throw PythonLiteral.Fault(reason: "no list of questions")
            }
            return list
        } catch {
            throw record.fault(
                "qa_pairs", "is not a Python list (\(error.reason)); expected one, or \"none\"")
        }
    }

    private static func question(_ id: String, _ pair: JSONValue, _ task: LooGLETask?) throws -> EvaluationQuestion {
        guard let fields = pair.object, let text = fields["Q"]?.string, let answer = fields["A"] else {
            throw JSONFields.Fault(reason: "a pair without \"Q\" and \"A\" (\(pair.summary)); expected both")
        }
        if answer.object != nil { throw cloze }
        guard let answer = answer.string ?? answer.integer.map(String.init) else {
            throw JSONFields.Fault(reason: "\"A\" is \(answer.kind); expected text")
        }
        guard text.contains(where: { !$0.isWhitespace }), answer.contains(where: { !$0.isWhitespace }) else {
            throw JSONFields.Fault(reason: "\"Q\" or \"A\" is empty; expected text")
        }
        let evidence = fields["S"]?.array?.compactMap(\.string).joined(separator: "\n") ?? fields["S"]?.string
        var question = question(id, text, answer, task, evidence: evidence)
        question.attributes["type"] = fields["type"]?.string
        return question
    }

    private static func question(
        _ id: String, _ text: String, _ answer: String, _ task: LooGLETask?, evidence: String? = nil
    ) -> EvaluationQuestion {
        var attributes: [String: String] = [:]
        attributes["task"] = task?.rawValue
        attributes["evidence"] = evidence
        return EvaluationQuestion(
            id: id, text: text, answers: [answer], metric: .loogleRougeL,
            answerTokens: (task ?? .longQuestions).answerTokens, attributes: attributes)
    }
}

/// A task of LooGLE, named after its file.
enum LooGLETask: String, CaseIterable {
    case longQuestions = "longdep_qa"
    case shortQuestions = "shortdep_qa"
    case summarization = "longdep_summarization"
    case cloze = "shortdep_cloze"

    /// Maximum answer length in tokens, from LooGLE's scripts.
    var answerTokens: Int { self == .shortQuestions ? 300 : 500 }

    static func named(in text: String) -> LooGLETask? { allCases.first { text.contains($0.rawValue) } }
}

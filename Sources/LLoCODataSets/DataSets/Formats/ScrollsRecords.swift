import LLoCOBase

/// A reader of SCROLLS (Shaham et al. 2022): lines of seven tasks in one form. Lines with the same `id` are one
/// question with several references and different `pid`s. Questions about the same text make one document.
///
/// The question is the first part of the input, up to the blank line; a summary has none. The task determines the form
/// and the metric, so a file without a known task is refused.
struct ScrollsRecords: DataRecordReader {
    private let taskName: String?
    private var questions: [String: KnownQuestion] = [:]
    private var pids: Set<String> = []

    private struct KnownQuestion {
        var input: String
        var document: Int
        var question: Int
    }

    /// - Parameter named: the name of the task for lines that do not give one
    init(named: String?) {
        taskName = named
    }

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        guard let id = record.label("id") ?? record.label("pid") else {
            throw record.fault("id", "is missing; expected the question's id")
        }
        let input = try record.text("input")
        let output = try record.text("output")
        let name = record.label("dataset") ?? record.label("task") ?? taskName
        let known = ScrollsTask.allCases.map(\.rawValue).joined(separator: ", ")
        guard let name else {
            throw set.error(
                "neither the file's name nor the line gives the SCROLLS task; expected one of \(known)",
                line: place.line, hint: .nameTask)
        }
        guard let task = ScrollsTask.named(in: name) else {
            throw JSONFields.Fault(reason: "unknown task \"\(name.printable(limit: 60))\"; expected one of \(known)")
        }
        if let pid = record.label("pid"), !pids.insert(pid).inserted {
            throw record.fault("pid", "\(pid.printable(limit: 80)) is already used; pids must be unique")
        }
        let digest = Digest.sha256(input)
        if let known = questions[id] {
            guard known.input == digest else {
                throw record.fault(
                    "id", "\(id.printable(limit: 80)) is already used with another input; expected the same one")
            }
            set.add(reference: output, document: known.document, question: known.question)
            return
        }
        var entry = try Self.entry(input, task)
        entry.question.id = id
        entry.question.answers = [output]
        // A line of QuALITY gives the correct option as text.
        entry.question.correctChoice = entry.question.choices.firstIndex { Self.isSame($0, output) }
        if entry.question.correctChoice == nil, !entry.question.choices.isEmpty {
            entry.question.choices = []
            set.remark("\(id.printable(limit: 80)): the output is not one of the options: scored by its text alone")
        }
        let document = EvaluationDocument(id: id, title: id, text: entry.text, questions: [entry.question])
        guard let index = try set.add(document, place, mergingEqualTexts: true) else { return }
        questions[id] = KnownQuestion(
            input: digest, document: index, question: set.set.documents[index].questions.count - 1)
    }

    /// The text and a question without id and answers.
    private static func entry(_ input: String, _ task: ScrollsTask) throws -> (
        question: EvaluationQuestion, text: String
    ) {
        var question = EvaluationQuestion(
            id: "", text: "", answers: [], metric: task.metric, answerTokens: task.answerTokens,
            attributes: ["task": task.rawValue])
        if let instruction = task.instruction {
            question.text = instruction
            return (question, input)
        }
        var parts = try parts(input)
        question.text = parts.question
        if task == .quality {
            let options = try QualityOptions(input)
            question.text = ([options.question] + options.lines).joined(separator: "\n")
            question.originalText = options.question
            question.choices = options.options
            parts.text = options.text
        } else if task == .contractNLI {
            question.originalText = parts.question
            question.text +=
                "\nDoes the contract say so? Answer \"Entailment\", \"Contradiction\" or \"Not mentioned\"."
        }
        guard parts.text.contains(where: { !$0.isWhitespace }) else {
            throw JSONFields.Fault(reason: "\"input\" contains only a question; expected a text after it")
        }
        return (question, parts.text)
    }

    /// The parts of the input before and after the first blank line.
    private static func parts(_ input: String) throws -> (question: String, text: String) {
        guard let end = input[...].firstRange(ofBytes: "\n\n") else {
            throw JSONFields.Fault(reason: "\"input\" has no blank line; expected one between question and text")
        }
        let question = input[..<end.lowerBound]
        guard question.contains(where: { !$0.isWhitespace }) else {
            throw JSONFields.Fault(reason: "\"input\" begins with a blank line; expected a question")
        }
        return (String(question), String(input[end.upperBound...].drop(while: \.isNewline)))
    }

    /// Whether two options are equal except for white space, which the inputs have more of.
    private static func isSame(_ option: String, _ output: String) -> Bool {
        option.split(whereSeparator: \.isWhitespace) == output.split(whereSeparator: \.isWhitespace)
    }
}

/// A QuALITY input: a question, the options (A) to (D), a blank line, the article.
private struct QualityOptions {
    var question: String
    var options: [String]
    var text: String

    /// The options as lines of the prompt.
    var lines: [String] { zip(["(A)", "(B)", "(C)", "(D)"], options).map { "\($0) \($1)" } }

    init(_ input: String) throws {
        var rest = input[...]
        var parts: [Substring] = []
        for mark in ["(A)", "(B)", "(C)", "(D)"] {
            guard let place = rest.firstRange(ofBytes: mark) else {
                throw JSONFields.Fault(reason: "\"input\" has no option \(mark); expected a question with (A) to (D)")
            }
            parts.append(rest[..<place.lowerBound])
            rest = rest[place.upperBound...]
        }
        guard let end = rest.firstRange(ofBytes: "\n\n") else {
            throw JSONFields.Fault(reason: "\"input\" has no blank line after the options; expected the article there")
        }
        parts.append(rest[..<end.lowerBound])
        let cleaned = parts.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        guard cleaned.allSatisfy({ !$0.isEmpty }) else {
            throw JSONFields.Fault(reason: "\"input\" has an empty question or option; expected text")
        }
        question = cleaned[0]
        options = Array(cleaned[1...])
        text = String(rest[end.upperBound...].drop(while: \.isNewline))
    }
}

extension Substring {
    /// The first range of `pattern`, searched byte by byte: segmenting long texts into characters would be slow.
    fileprivate func firstRange(ofBytes pattern: String) -> Range<Index>? {
        let pattern = Array(pattern.utf8)
        var start = utf8.startIndex
        while let place = utf8[start...].firstIndex(of: pattern[0]) {
            if utf8[place...].starts(with: pattern) {
                return place..<utf8.index(place, offsetBy: pattern.count)
            }
            start = utf8.index(after: place)
        }
        return nil
    }
}

import Foundation
import LLoCOBase

/// A reader of RULER files as RULER's own scripts write them (Hsieh et al. 2024): one file per task; each line holds a
/// prompt and the strings that an answer must contain.
///
/// The prompt's last line is the question with the beginning of an answer that RULER appends. In question answering,
/// the request before that line belongs to the question too. The rest is the text. The wording is RULER's. Prompts with
/// a chat template are reported as malformed: the model's own template is applied to the question here.
struct RulerRecords: DataRecordReader {
    private let task: RulerTask?

    /// - Parameter task: the task of the file; nil if unknown, which is an error
    init(task: RulerTask?) {
        self.task = task
    }

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        guard let task else {
            let known = RulerTask.allCases.map(\.rawValue).joined(separator: ", ")
            throw set.error(
                "neither the file's nor its folder's name gives the RULER task; expected one of \(known)",
                line: place.line, hint: .nameTask)
        }
        let id = "\(task.rawValue)-\(record.label("index") ?? "\(place.number)")"
        let parts = try Self.parts(record.text("input"), task)
        let answers = try record.texts("outputs", of: "strings that an answer must contain")
        var text = parts.question
        // Later versions of the scripts store it in a separate field.
        if let beginning = try record.string("answer_prefix"), !beginning.isEmpty {
            text += (beginning.first?.isWhitespace == true ? "" : " ") + beginning
        }
        var attributes = ["task": task.rawValue]
        attributes["tokens"] = record.label("length")
        let question = EvaluationQuestion(
            id: id, text: text, answers: answers, metric: task.metric, answerTokens: task.answerTokens,
            attributes: attributes)
        try set.add(EvaluationDocument(id: id, title: id, text: parts.text, questions: [question]), place)
    }

    /// The task whose name occurs as a whole word in the name of the file or its folder.
    static func task(of url: URL) -> RulerTask? {
        let folder = url.absoluteURL.deletingLastPathComponent().lastPathComponent
        return [url.lastPathComponent, folder].lazy.compactMap { name in
            RulerTask.allCases.first { holds(name, $0.rawValue) }
        }.first
    }

    private static func holds(_ name: String, _ task: String) -> Bool {
        name.ranges(of: task).contains { range in
            let around = [
                range.lowerBound == name.startIndex ? nil : name[name.index(before: range.lowerBound)],
                range.upperBound == name.endIndex ? nil : name[range.upperBound],
            ]
            return around.allSatisfy { $0.map { !$0.isLetter && !$0.isNumber } ?? true }
        }
    }

    private static func parts(_ input: String, _ task: RulerTask) throws -> (text: String, question: String) {
        let bytes = Array(input.utf8)
        let end = bytes.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? 0
        var start = bytes[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let line = bytes[start..<end]
        let isQuestion = line.starts(with: "What ".utf8) || line.starts(with: "Question: ".utf8)
        let shown = String(decoding: line.prefix(120), as: UTF8.self).printable(limit: 60)
        let isOfChat = ["<|", "[/INST]", "ASSISTANT:"].contains { line.contains(subsequence: $0) }
        guard isQuestion, start > 0, !isOfChat else {
            throw JSONFields.Fault(
                reason:
                    "\"input\" ends with the line \"\(shown)\"; expected a text and a line with the question, "
                    + "without a chat template (RULER's model template \"base\")")
        }
        if task.needsQuestions {
            // The request occurs between the documents and the question, and again before the documents.
            var paragraphs = bytes[..<start]
            while paragraphs.last.map({ $0 <= 0x20 }) == true { paragraphs.removeLast() }
            let request = paragraphs.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if request > 0, bytes[request...].starts(with: "Answer the question".utf8) { start = request }
        }
        let text = String(decoding: bytes[..<start], as: UTF8.self)
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw JSONFields.Fault(reason: "\"input\" contains only a question; expected a text before it")
        }
        return (text, String(decoding: bytes[start..<end], as: UTF8.self))
    }
}

extension ArraySlice<UInt8> {
    /// Whether the bytes of `text` occur in the slice.
    fileprivate func contains(subsequence text: String) -> Bool {
        indices.contains { self[$0...].starts(with: text.utf8) }
    }
}

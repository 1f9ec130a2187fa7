import Foundation
import LLoCOBase

/// RULER as its own scripts generate it (Hsieh et al. 2024): lines of a prompt and the strings that an answer has to hold,
/// a file a task.
///
/// The prompt's last line is the question, with the beginning of an answer that RULER writes behind it; of question answering
/// the request before it belongs to it too. The rest is the text. Wording is RULER's. Prompts with a chat template around
/// them are named and not read: the model's own is put around the question here.
struct RulerRecords: DataRecordReader {
    private let task: RulerTask?

    /// - Parameter task: nil where nothing names it, for which the file is refused
    init(task: RulerTask?) {
        self.task = task
    }

    mutating func read(_ record: JSONFields, at place: RecordPlace, into set: inout EvaluationSetBuilder) throws {
        guard let task else {
            let known = RulerTask.allCases.map(\.rawValue).joined(separator: ", ")
            throw set.error(
                "neither the file's nor its folder's name tells the task of RULER; expected one of \(known)",
                line: place.line, hint: .nameTask)
        }
        let id = "\(task.rawValue)-\(record.label("index") ?? "\(place.number)")"
        let parts = try Self.parts(record.text("input"), task)
        let answers = try record.texts("outputs", of: "strings that an answer holds")
        var text = parts.question
        // Later versions of the scripts keep it apart.
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

    /// The task that the file's name or its folder's holds as a word of its own.
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
                    "\"input\" ends with the line \"\(shown)\"; expected a text and a line with the question, without a "
                    + "chat template (RULER's model template \"base\")")
        }
        if task.needsQuestions {
            // The request stands between documents and question, and once before them.
            var paragraphs = bytes[..<start]
            while paragraphs.last.map({ $0 <= 0x20 }) == true { paragraphs.removeLast() }
            let request = paragraphs.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if request > 0, bytes[request...].starts(with: "Answer the question".utf8) { start = request }
        }
        let text = String(decoding: bytes[..<start], as: UTF8.self)
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw JSONFields.Fault(reason: "\"input\" is a question alone; expected a text before it")
        }
        return (text, String(decoding: bytes[start..<end], as: UTF8.self))
    }
}

extension ArraySlice<UInt8> {
    /// Whether the bytes of `text` stand somewhere.
    fileprivate func contains(subsequence text: String) -> Bool {
        indices.contains { self[$0...].starts(with: text.utf8) }
    }
}

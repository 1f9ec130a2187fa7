import ArgumentParser
import Foundation
import LLoCOBase
import LLoCODataSets

struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score predictions that are already there.",
        discussion: """
            PREDICTIONS is JSON Lines, gzipped or not, a line an answer: {"id", "prediction", "answers": [...]}. Scores \
            are means x 100 over the lines, each line's by the answer that fits best: F1 and exact match as of SQuAD \
            and SCROLLS, ROUGE as of the rouge-score package.
            """)

    @Argument(help: "The predictions.")
    var predictions: String

    @Flag(help: "Compare word stems in ROUGE (Porter's stemmer).")
    var stem = false

    @OptionGroup var output: OutputOptions

    func run() throws {
        let reader = try JSONLinesReader(url: URL(filePath: predictions), limits: PredictionLine.limits)
        var scores = AnswerScores(rouge: ROUGE(tokenizer: ROUGETokenizer(stemmer: stem ? PorterStemmer() : nil)))
        var lines: [String: Int] = [:]
        var repeated: (id: String, line: Int, before: Int)?
        while let bytes = try reader.next() {
            let line: PredictionLine
            do throws(PredictionLine.Fault) {
                line = try PredictionLine(bytes)
            } catch {
                throw reader.error(line: reader.lineNumber, error.reason)
            }
            if let before = lines.updateValue(reader.lineNumber, forKey: line.id) {
                repeated = repeated ?? (line.id, reader.lineNumber, before)
            }
            scores.add(prediction: line.prediction, references: line.answers)
        }
        guard scores.questions > 0 else {
            throw reader.error(
                line: nil, "the file holds no prediction; expected {\"id\", \"prediction\", \"answers\"} a line")
        }
        if let repeated {
            Terminal.note(
                "\(predictions): \(scores.questions - lines.count) lines have an id that was there before, the first "
                    + "\"\(repeated.id.printable(limit: 80))\" on lines \(repeated.before) and \(repeated.line); each line counts"
            )
        }
        if output.json {
            try Terminal.json(ScoreResult(scores))
        } else {
            let figures = [scores.f1, scores.em, scores.rouge1, scores.rouge2, scores.rougeL, scores.rougeLsum]
            let table = Text.table(
                [
                    "questions", "F1", "Exact match", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum",
                    "ROUGE geometric mean",
                ],
                [
                    ["\(scores.questions)"]
                        + (figures + [scores.rougeGeometricMean]).map { String(format: "%.2f", $0) }
                ])
            for line in table { Terminal.print(line) }
        }
    }
}

private struct ScoreResult: Encodable {
    let questions: Int
    /// x 100, as all that follow
    let f1, em, rouge1, rouge2, rougeL, rougeLsum: Double

    init(_ scores: AnswerScores) {
        questions = scores.questions
        f1 = scores.f1
        em = scores.em
        rouge1 = scores.rouge1
        rouge2 = scores.rouge2
        rougeL = scores.rougeL
        rougeLsum = scores.rougeLsum
    }
}

/// An answer and its references; other fields are passed over.
private struct PredictionLine {
    /// Why a line is not one.
    struct Fault: Error {
        let reason: String
    }

    /// Bytes of a text: comparing two takes time with the product of their lengths.
    static let textLimit = 1 << 18
    static var limits: JSONLinesReader.Limits {
        var limits = JSONLinesReader.Limits()
        limits.lineBytes = 16 << 20
        return limits
    }

    let id: String
    let prediction: String
    let answers: [String]

    init(_ line: [UInt8]) throws(Fault) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(line)
        } catch {
            throw Fault(reason: "not valid JSON (\(error)); expected one object a line")
        }
        guard case .object(let object) = value else {
            throw Fault(reason: "found \(value.kind); expected {\"id\", \"prediction\", \"answers\"}")
        }
        switch object["id"] {
        case .string(let text): id = text
        case .integer(let number): id = "\(number)"
        case let other: throw Self.fault("id", other, "a string")
        }
        prediction = try Self.text("prediction", object["prediction"])
        guard case .array(let list) = object["answers"] else {
            throw Self.fault("answers", object["answers"], "a list of strings")
        }
        guard !list.isEmpty else { throw Fault(reason: "\"answers\" is empty; expected one or more strings") }
        var answers: [String] = []
        for (index, value) in list.enumerated() { answers.append(try Self.text("answers[\(index)]", value)) }
        self.answers = answers
    }

    private static func text(_ key: String, _ value: JSONValue?) throws(Fault) -> String {
        guard case .string(let text) = value else { throw fault(key, value, "a string") }
        guard text.utf8.count <= textLimit else {
            throw Fault(reason: "\"\(key)\" has \(text.utf8.count) bytes; expected no more than \(textLimit)")
        }
        return text
    }

    private static func fault(_ key: String, _ value: JSONValue?, _ expected: String) -> Fault {
        Fault(reason: "\"\(key)\" is \(value?.kind ?? "missing"); expected \(expected)")
    }
}

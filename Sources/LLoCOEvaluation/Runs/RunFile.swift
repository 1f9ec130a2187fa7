import Foundation
public import LLoCOBase
public import LLoCOReports

/// A file of a run's records, written one by one: an interrupted run resumes after the last complete record.
///
/// JSON Lines: the settings, then one record per line. Only a run with the same settings, modes and data can resume.
public final class RunFile {
    private struct Header: Codable, Equatable {
        var settings: EvaluationReport.Settings
        var modes: [AnswerMode]
        /// Total number of questions.
        var questions: Int
    }

    /// The records so far, in the order of the file.
    public private(set) var records: [EvaluationRecord] = []
    private let handle: FileHandle

    /// Opens a run's file, or creates it.
    ///
    /// - Parameter questions: the ids of all questions
    /// - Throws: `EvaluationError` if the file belongs to another run or is not a run file, or if another process
    ///   writes it.
    public init(
        _ path: String, settings: EvaluationReport.Settings, modes: [AnswerMode], questions: [String]
    ) throws {
        let header = Header(settings: settings, modes: modes, questions: questions.count)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw EvaluationError(.storage, "\(path): the file cannot be written: \(String(cString: strerror(errno)))")
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw EvaluationError(.busy, "\(path): another process is writing this run")
        }
        let data = try handle.readToEnd() ?? Data()
        guard !data.isEmpty else {
            try write(header)
            return
        }
        // A truncated last line, from a killed process, is answered again.
        let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { data[...$0] } ?? Data()
        let lines = whole.split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first, let found = try? JSONDecoder().decode(Header.self, from: first) else {
            let beginning = Data(#"{"modes":"#.utf8)
            if whole.isEmpty, data.prefix(beginning.count) == beginning.prefix(data.count) {
                // The process was killed within the first line.
                try handle.truncate(atOffset: 0)
                try write(header)
                return
            }
            if lines.first?.starts(with: beginning) == true {
                throw EvaluationError(
                    .invalid, "\(path): the run in this file is of another version of lloco",
                    hint: .startAnotherRun(file: path, differs: nil))
            }
            throw EvaluationError(
                .invalid, "\(path): found no evaluation run in this file, expected one or an empty file",
                hint: .startAnotherRun(file: path, differs: nil))
        }
        guard found == header else {
            let (difference, setting) = Self.difference(found, header)
            throw EvaluationError(
                .invalid, "\(path): the run in this file has \(difference)",
                hint: .startAnotherRun(file: path, differs: setting))
        }
        // The questions that may still be answered, by mode.
        var left = Dictionary(modes.map { ($0, Set(questions)) }, uniquingKeysWith: { first, _ in first })
        for (index, line) in lines.dropFirst().enumerated() {
            guard let record = try? JSONDecoder().decode(EvaluationRecord.self, from: line) else {
                throw EvaluationError(
                    .damaged, "\(path), line \(index + 2): not a record of a run; the file is damaged")
            }
            if let reason = Self.fault(of: record, &left) {
                throw EvaluationError(
                    .damaged, "\(path), line \(index + 2): \(reason); the file was changed or damaged")
            }
            records.append(record)
        }
        try handle.truncate(atOffset: UInt64(whole.count))
        try handle.seekToEnd()
    }

    /// The reason why a record does not belong to the run; nil if it does. Removes its question from `left`.
    private static func fault(of record: EvaluationRecord, _ left: inout [AnswerMode: Set<String>]) -> String? {
        if left[record.mode] == nil { return "an answer in the mode \(record.mode.rawValue), which is not in the run" }
        guard left[record.mode]?.remove(record.id) == nil else { return nil }
        return "the question '\(record.id.printable(limit: 80))' is not in the run, or is answered twice"
    }

    /// Appends an answer to the file.
    ///
    /// - Throws: if the file cannot be written.
    public func append(_ record: EvaluationRecord) throws {
        try write(record)
        records.append(record)
    }

    private func write(_ value: some Encodable) throws {
        try handle.write(contentsOf: JSONLine.data(value))
    }

    /// The first difference between two runs.
    private static func difference(_ found: Header, _ wanted: Header) -> (words: String, setting: ErrorHint.Setting?) {
        let (a, b) = (found.settings, wanted.settings)
        let checks: [(Bool, String, ErrorHint.Setting?)] = [
            (
                a.dataDigest == b.dataDigest && a.data == b.data && found.questions == wanted.questions,
                "other questions", nil
            ),
            (found.modes == wanted.modes, "other modes", .modes), (a.model == b.model, "another model", .model),
            (a.compressor == b.compressor, "another compressor", .compressor),
            (a.adapter == b.adapter, "another adapter", .adapter),
            (a.embedder == b.embedder, "another retrieval model", .embedder),
            (a.scheme == b.scheme, "another compression scheme", .scheme),
            (a.answerTokens == b.answerTokens, "other answer limits", .answerTokens),
            (a.dtype == b.dtype, "another dtype", .dtype), (a.device == b.device, "another device", .device),
            (a.decodeWeights == b.decodeWeights, "other decode weights", .decodeWeights),
            (a.chatTemplate == b.chatTemplate, "another chat template", .chatTemplate),
            (a.seed == b.seed, "another seed", .seed), (a.pieces == b.pieces, "another choice of pieces of text", nil),
        ]
        return checks.first { !$0.0 }.map { ($0.1, $0.2) } ?? ("other settings", nil)
    }
}

/// An error of an evaluation.
public struct EvaluationError: CodedError {
    /// The kind of error.
    public let errorCode: ErrorCode
    /// One line: the found and the expected value.
    public let description: String
    /// A hint on how to fix the error.
    public let hint: ErrorHint?

    /// Creates an error of the given kind with a one-line message.
    public init(_ errorCode: ErrorCode, _ description: String, hint: ErrorHint? = nil) {
        self.errorCode = errorCode
        self.description = description
        self.hint = hint
    }
}

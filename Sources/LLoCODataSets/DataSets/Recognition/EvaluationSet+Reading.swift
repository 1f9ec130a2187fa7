public import Foundation
import LLoCOBase
public import LLoCODocuments

extension EvaluationSet {
    /// What a reader may need to know besides the file.
    public struct ReadingOptions: Sendable {
        /// NarrativeQA: the whole stories, or the summaries of their plots.
        public enum NarrativeText: String, Sendable, CaseIterable {
            case stories, summaries
        }

        /// Whether each line of our own question sets must bring its text; it need not unless told.
        public var text = QuestionSet.DocumentText.optional
        /// What answers to our own question sets are judged by, one of ``Metric/ofQuestionSets``; F1 unless told. The
        /// published sets have their own measures.
        public var metric: Metric?
        /// The folder of the texts that a file only names. Default: where the published archive has it, that is `tmp` beside
        /// NarrativeQA's tables, `../evidence` beside TriviaQA's file.
        public var texts: URL?
        /// What NarrativeQA's questions are asked about; stories unless told.
        public var narrativeText = NarrativeText.stories
        /// Only this part of NarrativeQA (its column `set`: `train`, `valid`, `test`) or of a folder of GovReport (its
        /// `split_ids`); everything unless told.
        public var split: String?
        /// The task that lines of SCROLLS, LongBench, L-Eval, LooGLE or RULER belong to, where neither they nor the file's
        /// name tell.
        public var task: String?

        public init() {}
    }

    /// Reads a file, or a folder, of questions as it was published; gzipped or not, which is told by the content.
    ///
    /// ```swift
    /// let set = try EvaluationSet(contentsOf: URL(fileURLWithPath: "QuALITY.v1.0.1.htmlstripped.dev"))
    /// for record in set.malformed { print(record.file, record.line ?? 0, record.reason) }
    /// ```
    ///
    /// A record that is not what its format asks for, or whose id was used before, is named in ``malformed``; the others
    /// are read. One record of the file is in memory at a time, besides the texts of the set.
    ///
    /// - Parameters:
    ///   - format: what the file is; nil to recognise it by its content
    ///   - text: whether each line of our own question sets must bring its text
    ///   - texts: the folder of the texts that NarrativeQA (stories) and TriviaQA (evidence) keep apart; nil for the place
    ///     that it has in the published archive
    /// - Throws: `JSONLinesError`, one line naming the file: missing, unreadable, empty, of no known format, damaged or cut
    ///   off, larger than the limits (2 GiB of text, 256 MiB a record), or without any good record.
    public init(
        contentsOf url: URL, format: DataFormat? = nil, text: QuestionSet.DocumentText = .optional, texts: URL? = nil
    ) throws {
        var options = ReadingOptions()
        options.text = text
        options.texts = texts
        try self.init(contentsOf: url, format: format, options: options)
    }

    /// Reads a file, or a folder, of questions as it was published, with options of single formats.
    public init(contentsOf url: URL, format: DataFormat? = nil, options: ReadingOptions) throws {
        try self.init(contentsOf: url, format: format, options: options, limits: DataFileLimits())
    }

    /// The same, with other limits than those of every file.
    package init(contentsOf url: URL, format: DataFormat?, options: ReadingOptions, limits: DataFileLimits) throws {
        let recognized = try RecognizedFile(url, given: format, limits: limits)
        if let reason = options.misfit(recognized) {
            throw JSONLinesError(file: url.relativePath, line: nil, reason: reason, errorCode: .invalid)
        }
        var builder = EvaluationSetBuilder(
            name: url.lastPathComponent, file: url.relativePath, format: recognized.format, limits: limits)
        switch recognized.layout {
        case .tables:
            try NarrativeQATables(url, options, limits).read(into: &builder)
        case .folder:
            try GovReportFolder(url, split: options.split, limits).read(into: &builder)
        case .json(let layout):
            var reader = try recognized.format.recordReader(url, options, limits)
            try builder.read(JSONRecordFile(url: url, layout: layout, limits: limits), with: &reader)
        }
        self = try builder.finish()
    }
}

extension EvaluationSet.ReadingOptions {
    /// Which of the options has no meaning for a file; nil where all have.
    fileprivate func misfit(_ file: RecognizedFile) -> String? {
        let format = file.format
        if let metric, format != .lloco {
            return "the format \(format.rawValue) has its own measure; only our own question sets can be judged by "
                + "another (\(metric.rawValue))"
        }
        if let metric, !Metric.ofQuestionSets.contains(metric) {
            return "the measure \(metric.rawValue) needs more than questions and answers"
        }
        if let split, file.layout != .tables, file.layout != .folder {
            return "a file of the format \(format.rawValue) has no parts to choose from (\(split.printable(limit: 40)))"
        }
        if let reason = task.flatMap(format.misfit(task:)) { return reason }
        if narrativeText == .summaries, format != .narrativeqa {
            return "the format \(format.rawValue) has no summaries to ask about"
        }
        return nil
    }
}

extension DataFormat {
    /// Why `task` is none of the format's; nil where it is one.
    fileprivate func misfit(task: String) -> String? {
        let found = task.printable(limit: 40)
        let isOne: Bool
        let (name, known): (String, [String])
        switch self {
        case .scrolls:
            isOne = ScrollsTask.named(in: task) != nil
            (name, known) = ("SCROLLS", ScrollsTask.allCases.map(\.rawValue))
        case .longbench:
            isOne = LongBenchRecords.task(named: task) != nil
            (name, known) = ("LongBench", LongBenchTask.all.keys.sorted())
        case .leval:
            isOne = LEvalTask(rawValue: task) != nil
            (name, known) = ("L-Eval", LEvalTask.allCases.filter { $0 != .sciFi }.map(\.rawValue))
        case .loogle:
            isOne = LooGLETask(rawValue: task) != nil
            (name, known) = ("LooGLE", LooGLETask.allCases.filter { $0 != .cloze }.map(\.rawValue))
        case .ruler:
            isOne = RulerTask(rawValue: task) != nil
            (name, known) = ("RULER", RulerTask.allCases.map(\.rawValue))
        default: return "the format \(rawValue) has no tasks to choose from (\(found))"
        }
        return isOne ? nil : "\(name) has no task \(found); expected one of \(known.joined(separator: ", "))"
    }

    /// What turns the format's JSON records into documents.
    fileprivate func recordReader(
        _ url: URL, _ options: EvaluationSet.ReadingOptions, _ limits: DataFileLimits
    ) throws -> any DataRecordReader {
        switch self {
        case .lloco: QuestionSetRecords(text: options.text, metric: options.metric ?? .f1)
        case .quality: QualityRecords()
        case .qasper: QasperRecords()
        case .qmsum: QMSumRecords()
        case .squality: SqualityRecords()
        case .hotpotqa: HotpotQARecords()
        case .triviaqa: TriviaQARecords(evidence: EvidenceFolder(beside: url, given: options.texts), limits: limits)
        case .govreport: GovReportRecords()
        case .scrolls: ScrollsRecords(named: options.task ?? ScrollsTask.name(in: url))
        case .longbench: LongBenchRecords(named: options.task ?? url.lastPathComponent)
        case .longbenchV2: LongBenchV2Records()
        case .squad: SquadRecords()
        case .leval:
            LEvalRecords(task: options.task.flatMap(LEvalTask.init) ?? LEvalTask.named(in: url.lastPathComponent))
        case .loogle:
            LooGLERecords(task: options.task.flatMap(LooGLETask.init) ?? LooGLETask.named(in: url.lastPathComponent))
        case .ruler: RulerRecords(task: options.task.flatMap(RulerTask.init) ?? RulerRecords.task(of: url))
        case .narrativeqa, .needle:
            throw JSONLinesError(
                file: url.relativePath, line: nil,
                reason: "found JSON; expected what the format \(rawValue) is kept in",
                errorCode: .invalid)
        }
    }
}

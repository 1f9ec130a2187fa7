public import Foundation
import LLoCOBase
public import LLoCODocuments

extension EvaluationSet {
    /// Options of the data readers.
    public struct ReadingOptions: Sendable {
        /// The texts of NarrativeQA: whole stories, or plot summaries.
        public enum NarrativeText: String, Sendable, CaseIterable {
            case stories, summaries
        }

        /// Whether each line of our own question sets must contain its text; default optional.
        public var text = QuestionSet.DocumentText.optional
        /// The metric of our own question sets, one of ``Metric/ofQuestionSets``; default F1. The published sets have
        /// their own metrics.
        public var metric: Metric?
        /// The folder of texts that a file refers to. Default: its place in the published archive, which is `tmp`
        /// beside NarrativeQA's tables and `../evidence` beside TriviaQA's file.
        public var texts: URL?
        /// The texts for NarrativeQA's questions; default stories.
        public var narrativeText = NarrativeText.stories
        /// The split of NarrativeQA (its column `set`: `train`, `valid`, `test`) or of a GovReport folder (its
        /// `split_ids`); default all.
        public var split: String?
        /// The task of lines of SCROLLS, LongBench, L-Eval, LooGLE or RULER, if neither the lines nor the file's name
        /// give it.
        public var task: String?

        /// Creates the default options.
        public init() {}
    }

    /// Reads a published file or folder of questions; gzip is detected by content.
    ///
    /// ```swift
    /// let set = try EvaluationSet(contentsOf: URL(fileURLWithPath: "QuALITY.v1.0.1.htmlstripped.dev"))
    /// for record in set.malformed { print(record.file, record.line ?? 0, record.reason) }
    /// ```
    ///
    /// Records that do not conform to the format, or repeat an id, are listed in ``malformed``; the others are read.
    /// Only one record of the file is in memory at a time, besides the texts of the set.
    ///
    /// - Parameters:
    ///   - format: the file's format; nil to recognize it by content
    ///   - text: whether each line of our own question sets must contain its text
    ///   - texts: the folder of NarrativeQA's stories or TriviaQA's evidence; nil for its place in the published
    ///     archive
    /// - Throws: `JSONLinesError`, one line that names the file: missing, unreadable, empty, of unknown format,
    ///   damaged, truncated, larger than the limits (2 GiB of text, 256 MiB per record), or without any valid record.
    public init(
        contentsOf url: URL, format: DataFormat? = nil, text: QuestionSet.DocumentText = .optional, texts: URL? = nil
    ) throws {
        var options = ReadingOptions()
        options.text = text
        options.texts = texts
        try self.init(contentsOf: url, format: format, options: options)
    }

    /// Reads a published file or folder of questions, with format-specific options.
    public init(contentsOf url: URL, format: DataFormat? = nil, options: ReadingOptions) throws {
        try self.init(contentsOf: url, format: format, options: options, limits: DataFileLimits())
    }

    /// Reads a published file or folder of questions, with custom limits.
    package init(contentsOf url: URL, format: DataFormat?, options: ReadingOptions, limits: DataFileLimits) throws {
        let recognized = try RecognizedFile(url, given: format, limits: limits)
        if let reason = options.inapplicableOption(to: recognized) {
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
    /// The reason why an option does not apply to a file; nil if all options apply.
    fileprivate func inapplicableOption(to file: RecognizedFile) -> String? {
        let format = file.format
        if let metric, format != .lloco {
            return "the format \(format.rawValue) has its own metric; only our own question sets accept another one "
                + "(\(metric.rawValue))"
        }
        if let metric, !Metric.ofQuestionSets.contains(metric) {
            return "the metric \(metric.rawValue) needs more than questions and answers"
        }
        if let split, file.layout != .tables, file.layout != .folder {
            return "a file of the format \(format.rawValue) has no splits to choose (\(split.printable(limit: 40)))"
        }
        if let reason = task.flatMap(format.unknownTask) { return reason }
        if narrativeText == .summaries, format != .narrativeqa {
            return "the format \(format.rawValue) has no summaries to choose"
        }
        return nil
    }
}

extension DataFormat {
    /// The reason why `task` is not a task of the format; nil if it is one.
    fileprivate func unknownTask(_ task: String) -> String? {
        let found = task.printable(limit: 40)
        let isKnown: Bool
        let (name, known): (String, [String])
        switch self {
        case .scrolls:
            isKnown = ScrollsTask.named(in: task) != nil
            (name, known) = ("SCROLLS", ScrollsTask.allCases.map(\.rawValue))
        case .longbench:
            isKnown = LongBenchRecords.task(named: task) != nil
            (name, known) = ("LongBench", LongBenchTask.all.keys.sorted())
        case .leval:
            isKnown = LEvalTask(rawValue: task) != nil
            (name, known) = ("L-Eval", LEvalTask.allCases.filter { $0 != .sciFi }.map(\.rawValue))
        case .loogle:
            isKnown = LooGLETask(rawValue: task) != nil
            (name, known) = ("LooGLE", LooGLETask.allCases.filter { $0 != .cloze }.map(\.rawValue))
        case .ruler:
            isKnown = RulerTask(rawValue: task) != nil
            (name, known) = ("RULER", RulerTask.allCases.map(\.rawValue))
        default: return "the format \(rawValue) has no tasks to choose from (\(found))"
        }
        return isKnown ? nil : "\(name) has no task \(found); expected one of \(known.joined(separator: ", "))"
    }

    /// The reader of the format's JSON records.
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
                reason: "found JSON; expected a file of the format \(rawValue)",
                errorCode: .invalid)
        }
    }
}

public import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCODataSets
public import LLoCOLibrary
import LLoCOModels
public import LLoCOReports

/// A run that answers a set of questions in one or more modes and scores the answers.
///
/// With a file (``Options/file``), each answer is stored at once, and an interrupted run resumes after the last answer.
///
///     let run = try await EvaluationRun(set, engine: engine)
///     let report = try await run.run()
public final class EvaluationRun {
    /// The choice of the adapter for vectors.
    public enum AdapterChoice: Sendable {
        /// The group's adapter if it has one, else the general one.
        case usual
        /// No adapter.
        case none
        /// This adapter for every group; `name` names it in errors.
        case given(AdapterCheckpoint, name: String)
    }

    /// Options of a run.
    public struct Options: Sendable {
        /// The answer modes. Every question is answered once in each mode; repeated modes are ignored.
        public var modes = [AnswerMode.default]
        /// The adapter for vectors; default the usual one.
        public var adapter = AdapterChoice.usual
        /// The context budget, as in ``Answerer/Options``.
        public var budget: ContextBudget.Size?
        /// The share of text in mode `hybrid`, as in ``Answerer/Options``.
        public var textShare: Double?
        /// Seed of the report's bootstrap; default 0.
        public var seed: UInt64 = 0
        /// The file that stores the run (``RunFile``); default nil, which stores nothing.
        public var file: String?

        /// Creates the default options.
        public init() {}
    }

    /// A progress event of a run.
    public enum Event: Sendable {
        /// An interrupted run with this number of answers is resumed.
        case resumed(answers: Int)
        /// A document is being compressed.
        case compressing(tokens: Int, of: Int)
        /// A question was answered, scored and stored.
        case answered(EvaluationRecord)
    }

    /// The questions.
    public let data: EvaluationSet
    /// The answer modes.
    public let modes: [AnswerMode]
    /// The settings of the run; equal settings give equal answers.
    public let settings: EvaluationReport.Settings
    /// The answers so far in the order of computation; those of an interrupted run come first.
    public private(set) var records: [EvaluationRecord]
    /// The total number of answers of the complete run.
    public var total: Int { data.questionCount * modes.count }
    private let evaluator: Evaluator
    private let file: RunFile?

    /// Creates a run, or resumes the run in the file.
    ///
    /// - Parameters:
    ///   - set: the questions; a document without a text is found in the library by title or id
    ///   - library: the library with the documents; nil for an in-memory library that documents are added to one by one
    ///   - group: the documents' group in `library`
    /// - Throws: `EvaluationError` if the adapter belongs to another model or the file to another run; `LibraryError`
    ///   and `EngineError` if a document is missing in the library.
    public init(
        _ set: EvaluationSet, model: LoadedModel, library: (any LibraryStore)? = nil, group: String? = nil,
        options: Options = Options()
    ) async throws {
        data = set
        modes = options.modes.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        evaluator = try Evaluator(model: model, library: library, group: group)
        evaluator.budget = options.budget
        evaluator.textShare = options.textShare
        let adapter = try await Self.use(options.adapter, in: evaluator, modes, model, library, group)
        settings = try EvaluationReport.Settings(
            set, digest: await evaluator.digest(of: set), model: model, adapter: adapter,
            searches: Evaluator.searches(modes, budget: options.budget, inLibrary: library != nil), modes: modes,
            options)
        let questions = set.documents.flatMap(\.questions).map(\.id)
        file = try options.file.map { [settings, modes] in
            try RunFile($0, settings: settings, modes: modes, questions: questions)
        }
        records = file?.records ?? []
    }

    /// Sets the evaluator's adapter; returns the digest of the adapter in use, nil for none.
    private static func use(
        _ choice: AdapterChoice, in evaluator: Evaluator, _ modes: [AnswerMode], _ model: LoadedModel,
        _ library: (any LibraryStore)?, _ group: String?
    ) async throws -> String? {
        switch choice {
        case .usual:
            guard modes.contains(where: \.readsVectors) else { return nil }
            let general = model.generalAdapter?.digest
            guard let library, let group else { return general }
            return try await library.adapters(of: group, identity: model.vectorIdentity).first?.digest ?? general
        case .none:
            evaluator.usesAdapter = false
            return nil
        case .given(let checkpoint, let name):
            if let objection = checkpoint.objection(toModel: model.modelIdentity) {
                throw EvaluationError(.invalid, "\(name): \(objection)")
            }
            try evaluator.setAdapter(Adapter(checkpoint, for: model.languageModel.decoder))
            return try checkpoint.digest()
        }
    }

    /// Answers the remaining questions.
    ///
    /// Task cancellation is checked between answers; finished answers stay in the file.
    ///
    /// - Parameter onEvent: called for each event; an error it throws ends the run
    public func run(onEvent: (Event) throws -> Void = { _ in }) async throws -> EvaluationReport {
        struct AnswerKey: Hashable {
            let id: String
            let mode: AnswerMode
        }
        let answered = Set(records.map { AnswerKey(id: $0.id, mode: $0.mode) })
        if !records.isEmpty { try onEvent(.resumed(answers: records.count)) }
        for document in data.documents {
            try Task.checkCancellation()
            try await evaluator.evaluate(
                document, modes: modes, isWanted: { !answered.contains(AnswerKey(id: $0.id, mode: $1)) },
                onLearning: { try onEvent(.compressing(tokens: $0, of: $1)) },
                onRecord: { record in
                    try file?.append(record)
                    records.append(record)
                    try onEvent(.answered(record))
                    try Task.checkCancellation()
                })
        }
        return report
    }

    /// The figures of the answers so far.
    public var report: EvaluationReport {
        // Sorted by mode, then by question, whatever the order of computation.
        let questions = data.documents.flatMap(\.questions).map(\.id)
        let places = Dictionary(questions.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let sorted = modes.flatMap { mode in
            records.filter { $0.mode == mode }.sorted { places[$0.id] ?? 0 < places[$1.id] ?? 0 }
        }
        return EvaluationReport(
            settings: settings, modes: modes, malformed: data.malformed, remarks: data.remarks, records: sorted)
    }
}

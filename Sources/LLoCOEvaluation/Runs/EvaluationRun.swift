public import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCODataSets
public import LLoCOLibrary
import LLoCOModels
public import LLoCOReports

/// A set of questions asked in one or more modes, and judged.
///
/// With a file (``Options/file``) answers are kept as they come, and a run that was interrupted goes on behind the last one.
///
///     let run = try await EvaluationRun(set, engine: engine)
///     let report = try await run.run()
public final class EvaluationRun {
    /// The adapter that vectors are read with.
    public enum AdapterChoice: Sendable {
        /// The group's, where it has one, else the general one.
        case usual
        case none
        /// This one, whatever groups have; errors call it by its name.
        case given(AdapterCheckpoint, name: String)
    }

    /// What is asked, and how it is computed.
    public struct Options: Sendable {
        /// The modes in which every question is asked, each once.
        public var modes = [AnswerMode.default]
        /// The adapter that vectors are read with: the usual one by default.
        public var adapter = AdapterChoice.usual
        /// As in ``Answerer/Options``
        public var budget: ContextBudget.Size?
        /// As in ``Answerer/Options``
        public var textShare: Double?
        /// What the report's bootstrap draws from: 0 by default.
        public var seed: UInt64 = 0
        /// The file that the run is kept in (``RunFile``); nil, the default, to keep it nowhere.
        public var file: String?

        /// The defaults.
        public init() {}
    }

    /// What a run tells of itself.
    public enum Event: Sendable {
        /// So many answers are those of an interrupted run.
        case resumed(answers: Int)
        /// A document is compressed.
        case compressing(tokens: Int, of: Int)
        /// A question was answered, judged and kept.
        case answered(EvaluationRecord)
    }

    /// The questions.
    public let data: EvaluationSet
    /// The modes in which they are asked.
    public let modes: [AnswerMode]
    /// What computes the answers: with the same of all these a run gives the same answers again.
    public let settings: EvaluationReport.Settings
    /// The answers so far, those of an interrupted run first, in the order in which they came.
    public private(set) var records: [EvaluationRecord]
    /// Answers there will be in all.
    public var total: Int { data.questionCount * modes.count }
    private let evaluator: Evaluator
    private let file: RunFile?

    /// - Parameters:
    ///   - set: documents without a text are the library's of that title or id
    ///   - library: where the documents are; nil for a library in memory, which they are learned into one by one
    ///   - group: their group in `library`
    /// - Throws: `EvaluationError` where the adapter is another model's or the file another run's, `LibraryError` and
    ///   `EngineError` where the library has not got a document.
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

    /// Has the evaluator use an adapter; returns the digest of what is used, nil for none.
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

    /// Asks what has not been asked yet.
    ///
    /// The calling task's cancellation is looked for between answers; those that are there stay in the file.
    ///
    /// - Parameter onEvent: told what happens; an error that it throws ends the run
    public func run(onEvent: (Event) throws -> Void = { _ in }) async throws -> EvaluationReport {
        struct Asked: Hashable {
            let id: String
            let mode: AnswerMode
        }
        let asked = Set(records.map { Asked(id: $0.id, mode: $0.mode) })
        if !records.isEmpty { try onEvent(.resumed(answers: records.count)) }
        for document in data.documents {
            try Task.checkCancellation()
            try await evaluator.evaluate(
                document, modes: modes, isWanted: { !asked.contains(Asked(id: $0.id, mode: $1)) },
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
        // As they are asked, mode by mode, whatever the order they were answered in.
        let questions = data.documents.flatMap(\.questions).map(\.id)
        let places = Dictionary(questions.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let sorted = modes.flatMap { mode in
            records.filter { $0.mode == mode }.sorted { places[$0.id] ?? 0 < places[$1.id] ?? 0 }
        }
        return EvaluationReport(
            settings: settings, modes: modes, malformed: data.malformed, remarks: data.remarks, records: sorted)
    }
}

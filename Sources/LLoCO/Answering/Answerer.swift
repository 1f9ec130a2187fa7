import Foundation
public import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCOLibrary
public import LLoCOModels
public import LLoCOTokenizers
import LLoCOTorch

/// Answers questions about a library's documents.
///
/// A question retrieves its documents; the model gets their vectors, then the question, with their group's adapter on,
/// and answers from those alone.
public final class Answerer {
    let engine: LoadedModel
    let library: SQLiteLibrary
    /// Adapters given for groups, instead of the library's.
    private var given: [String: Adapter] = [:]
    /// The library's adapters in use, by what they hold: never by a name.
    private var loaded: [LoadedKey: Adapter] = [:]
    var retriever: Retriever?
    private let promptCache = PromptCache()
    let mixer: ContextMixer

    /// What may be read for an answer, and how much.
    public struct Options: Sendable {
        public var mode = AnswerMode.compressed
        /// Only documents of this group
        public var group: String?
        /// Only these documents; nil for those that retrieval finds
        public var documents: [String]?
        /// At most so many documents are read, the best first
        public var maximumDocuments = 1
        /// At most so many passages are read in mode `retrieval`, and named in every mode
        public var maximumPassages = 4
        /// Positions that may stand for documents in the modes `hybrid`, `compressed` and `retrieval`; nil for a thirtieth
        /// of their tokens in mode `hybrid`, for all vectors and for whole passages in the others
        public var budget: ContextBudget.Size?
        /// Of the budget in mode `hybrid` at most this share is text, 0...1; the rest is vectors.
        public var textShare = ContextBudget.usualTextShare
        public var generation = GenerationOptions()
        /// Earlier turns of the conversation
        public var history: [ChatMessage] = []
        /// Whether the group's adapter is used; the compressor's own is in any case
        public var usesAdapter = true

        public init() {}
    }

    private struct LoadedKey: Hashable {
        let identity: VectorIdentity
        /// Decides too what is computed: the scale.
        let config: String
        let digest: String

        init(_ record: AdapterRecord) {
            identity = record.identity
            config = record.config
            digest = record.digest
        }
    }

    public init(engine: LoadedModel, library: SQLiteLibrary) {
        self.engine = engine
        self.library = library
        mixer = ContextMixer(engine: engine, library: library)
    }

    /// The beginning of a prompt of text that the answer before has read is taken over in multiples of so many positions.
    package var reusedStep: Int {
        get { promptCache.step }
        set { promptCache.step = max(1, newValue) }
    }

    /// Gives a group an adapter other than the library's; nil for the library's own again.
    public func setAdapter(_ adapter: Adapter?, for group: String) throws {
        given[group] = try adapter?.frozen(as: engine.model.decoder.dtype, device: engine.model.decoder.device)
    }

    /// Answers one question; `onText` is called with each piece of the answer as it comes.
    ///
    /// - Throws: `ModelError` where the question does not fit the model's window, `LibraryError`, `EngineError`.
    public func answer(
        _ question: String, _ options: Options = Options(), onText: (String) throws -> Void = { _ in }
    ) throws -> Answer {
        let clock = ContinuousClock()
        let start = clock.now
        try Self.check(question)
        let plain = try plainPrompt(question, options)
        let searched = clock.now
        let found = try find(question, options)
        let retrieved = searched.duration(to: clock.now).seconds
        let prompt = try build(question, plain, options, found)
        // The text of a document is read once for all questions that follow each other.
        let reused = prompt.ids.map { promptCache.reuse(for: $0, of: engine.model.decoder) }
        let generated = try engine.model.generate(
            prompt.unread(reused), cache: reused?.cache ?? prompt.context, options: options.generation,
            adapters: prompt.adapters, onText: onText)
        if let ids = prompt.ids, let reused {
            promptCache.keep(ids, reused, seconds: reused.seconds + generated.prefillSeconds)
        }
        return Answer(
            answer: generated.text.trimmingCharacters(in: .whitespacesAndNewlines), mode: options.mode,
            documents: prompt.documents.map(\.name),
            passages: prompt.passages.map {
                Answer.Passage(document: $0.documentName, start: $0.start, end: $0.end, score: $0.score)
            },
            contextTokens: prompt.contextTokens, promptTokens: prompt.length,
            generatedTokens: generated.ids.count,
            seconds: .init(
                retrieve: retrieved, prefill: generated.prefillSeconds, decode: generated.decodeSeconds,
                total: start.duration(to: clock.now).seconds),
            reusedSeconds: reused?.seconds ?? 0, cutTokens: prompt.cutTokens,
            omissions: found.omissions + prompt.omissions
                + (generated.end == .window ? ["the answer was cut: the model's window is full"] : []),
            end: generated.end)
    }

    /// log p of each of several answers, up to the token that ends it: how likely the model would give them, having read
    /// what it reads for an answer.
    ///
    /// The prompt is read once; the answers share its keys and values.
    /// - Returns: nats, one an answer, at most 0
    public func logLikelihoods(
        of answers: [String], _ question: String, _ options: Options = Options()
    ) throws -> [Double] {
        try Self.check(question)
        let found = try find(question, options)
        let prompt = try build(question, plainPrompt(question, options), options, found)
        let decoder = engine.model.decoder
        let continuations = try answers.map { Array(try engine.prompts.answer($0).dropLast()) }
        let longest = continuations.map(\.count).max() ?? 0
        guard prompt.positions + longest <= engine.model.window else {
            throw ModelError(
                "the prompt and an answer have \(prompt.positions + longest) positions, the model's window holds "
                    + "\(engine.model.window)")
        }
        return try withoutGradients {
            let reused = prompt.ids.map { promptCache.reuse(for: $0, of: decoder) }
            let cache =
                reused?.cache ?? prompt.context ?? KeyValueCache(layerCount: engine.model.configuration.layerCount)
            let start = ContinuousClock.now
            let last = try decoder.hiddenStates(
                prompt.unread(reused), cache: cache, adapters: prompt.adapters, last: 1)[0]
            let seconds = start.duration(to: .now).seconds
            let read = cache.count
            defer {
                if let ids = prompt.ids, let reused {
                    promptCache.keep(ids, reused, seconds: reused.seconds + seconds)
                }
            }
            return try continuations.map { ids in
                guard !ids.isEmpty else { return 0 }
                var hidden = last
                if ids.count > 1 {
                    let rest = try decoder.hiddenStates(
                        decoder.embed(Array(ids.dropLast())), cache: cache, adapters: prompt.adapters)[0]
                    hidden = try Tensor.concatenated([last, rest])
                    cache.truncate(to: read)
                }
                return try -decoder.crossEntropy(hidden, targets: ids)
            }
        }
    }

    private static func check(_ question: String) throws {
        guard !question.allSatisfy(\.isWhitespace) else { throw EngineError("the question is empty") }
    }

    /// The adapter that reads a group's vectors, and which of the library's it is; nil where it has none yet, for which the
    /// general one stands in.
    func adapter(of group: String) throws -> (adapter: Adapter, record: AdapterRecord?)? {
        if let given = given[group] { return (given, nil) }
        return try library.adapter(for: group, identity: engine.vectorIdentity) { record in
            loaded[LoadedKey(record)].map { ($0, record) }
        } load: { stored in
            let checkpoint = try AdapterCheckpoint(
                configuration: stored.record.config, weights: stored.weights, name: "the adapter of group '\(group)'")
            let decoder = engine.model.decoder
            let adapter = try Adapter(checkpoint, for: decoder).frozen(as: decoder.dtype, device: decoder.device)
            loaded[LoadedKey(stored.record)] = adapter
            return (adapter, stored.record)
        }
    }

    /// A document's vectors [n, vectorSize], bfloat16: as they were tuned with the adapter that reads them, where they were.
    func vectors(of document: DocumentRecord, _ options: Options) throws -> Tensor {
        let stored = try library.storedVectors(of: document.id, identity: engine.vectorIdentity)
        guard options.usesAdapter, let record = try adapter(of: document.group)?.record,
            let tuned = try library.tunedVectors(of: document.id, with: record)
        else { return stored }
        guard tuned.count == 2 * stored.count else {
            throw LibraryError.damaged(
                library.path, "the tuned vectors of \"\(document.name)\" are not of the shape of the others")
        }
        return try tuned.withUnsafeBytes { try Tensor(copying: $0, shape: stored.shape, dtype: .bfloat16) }
    }
}

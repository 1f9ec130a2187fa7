import Foundation
public import LLoCOBase
import LLoCOCheckpoints
public import LLoCOCompression
public import LLoCOLibrary
public import LLoCOModels
public import LLoCOTokenizers
import LLoCOTorch
import Synchronization

/// Answers questions about a library's documents.
///
/// A question retrieves its documents; the model gets their vectors, then the question, with their group's adapter on,
/// and answers from those alone. It may be called from many tasks; what it keeps between questions is bounded.
public final class Answerer: Sendable {
    let model: LoadedModel
    let library: any LibraryStore
    /// Adapters given for groups, instead of the library's.
    private let given = Mutex<[String: Adapter]>([:])
    private let adapters: AdapterCache
    private let vectors: VectorCache
    private let madeRetriever = Mutex<Retriever?>(nil)
    let promptCache = PromptCache()
    private let generations: GenerationLoop
    let mixer: ContextMixer

    /// What may be read for an answer, and how much.
    public struct Options: Sendable {
        /// What the model reads; vectors with pieces of text by default
        public var mode = AnswerMode.default
        /// Only documents of this group
        public var group: String?
        /// Only these documents; nil for those that retrieval finds
        public var documents: [String]?
        /// At most so many documents are read, the best first
        public var maximumDocuments = 1
        /// At most so many passages are read in mode `retrieval`, and named in every mode
        public var maximumPassages = 4
        /// Whether passages are looked for that are only named: where not, modes that read none of named documents search
        /// for none
        public var namesPassages = true
        /// Positions that may stand for documents in the modes `hybrid`, `compressed` and `retrieval`; nil for a thirtieth
        /// of their tokens in mode `hybrid`, for all vectors and for whole passages in the others
        public var budget: ContextBudget.Size?
        /// Of the budget in mode `hybrid` at most this share is text, 0...1, the rest is vectors; nil where the question
        /// decides.
        public var textShare: Double?
        /// How the answer's tokens are chosen and when it ends; greedy, at most 256 by default
        public var generation = GenerationOptions()
        /// Earlier turns of the conversation
        public var history: [ChatMessage] = []
        /// What documents and pieces of text are searched for; nil for the question itself, which may have more in it: the
        /// options of a multiple choice, how to answer
        public var searchText: String?
        /// How the question is put to the model: a turn of a chat by default. The answer to a continuation keeps the
        /// white space around it.
        public var form = PromptForm.chat
        /// Whether the group's adapter is used; the compressor's own is in any case
        public var usesAdapter = true
        /// An adapter that stands in the place of every group's, and that the model also answers from text with
        public var adapter: GeneralAdapter?

        /// The defaults: vectors of the best document and pieces of its text, with its group's adapter
        public init() {}
    }

    /// Answers with a loaded model from a library.
    ///
    /// - Parameters:
    ///   - adapters: loaded adapters, which several answerers of one model may share
    ///   - vectors: loaded vectors, which these share too
    ///   - generations: what continues the model's prompts, which these share too: their answers grow together
    public init(
        model: LoadedModel, library: any LibraryStore, adapters: AdapterCache = AdapterCache(),
        vectors: VectorCache = VectorCache(), generations: GenerationLoop? = nil
    ) {
        self.model = model
        self.library = library
        self.adapters = adapters
        self.vectors = vectors
        self.generations = generations ?? GenerationLoop(model.languageModel)
        mixer = ContextMixer(model: model, library: library)
    }

    /// The beginning of a prompt of text that the answer before has read is taken over in multiples of this many positions.
    package var reusedStep: Int {
        get { promptCache.step }
        set { promptCache.step = newValue }
    }

    /// Gives a group an adapter other than the library's; nil for the library's own again.
    ///
    /// - Throws: `TorchError` where its matrices cannot be brought to the model's device.
    public func setAdapter(_ adapter: Adapter?, for group: String) throws {
        let adapter = try adapter?.frozen(
            as: model.languageModel.decoder.dtype, device: model.languageModel.decoder.device)
        given.withLock { $0[group] = adapter }
    }

    /// Answers one question; `onText` is called with each piece of the answer as it comes.
    ///
    /// Stops within a chunk of prefill or a token where the task is cancelled.
    /// - Throws: `ModelError` where the question does not fit the model's window, `LibraryError`, `EngineError`,
    ///   `CancellationError`.
    public func answer(
        _ question: String, _ options: Options = Options(), onText: (String) throws -> Void = { _ in }
    ) async throws -> Answer {
        let clock = ContinuousClock()
        let start = clock.now
        let (found, prompt, reused, retrieved) = try await prepare(question, options)
        let generated = try await generations.generate(
            prompt.unread(reused), cache: reused?.cache ?? prompt.context, options: options.generation,
            adapters: prompt.adapters, onText: onText)
        keep(prompt, reused, seconds: generated.prefillSeconds)
        return Answer(
            answer: options.form == .chat
                ? generated.text.trimmingCharacters(in: .whitespacesAndNewlines) : generated.text,
            mode: options.mode,
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
            end: generated.end, logProbabilities: generated.logProbabilities)
    }

    /// log p of each of several answers, up to the token that ends it: how likely the model would give them, having read
    /// what it reads for an answer.
    ///
    /// The prompt is read once; the answers share its keys and values.
    /// - Returns: nats, one an answer, at most 0
    /// - Throws: as ``answer(_:_:onText:)``; `ModelError` too where an answer does not fit the window.
    public func logLikelihoods(
        of answers: [String], _ question: String, _ options: Options = Options()
    ) async throws -> [Double] {
        let (_, prompt, reused, _) = try await prepare(question, options)
        let decoder = model.languageModel.decoder
        let continuations = try answers.map { Array(try model.prompts.answer($0).dropLast()) }
        let longest = continuations.map(\.count).max() ?? 0
        guard prompt.positions + longest <= model.languageModel.window else {
            throw ModelError(
                .doesNotFit,
                "the prompt and an answer have \(prompt.positions + longest) positions, the model's window holds "
                    + "\(model.languageModel.window)")
        }
        return try withoutGradients {
            let cache =
                reused?.cache ?? prompt.context
                ?? KeyValueCache(layerCount: model.languageModel.configuration.layerCount)
            let start = ContinuousClock.now
            let last = try decoder.hiddenStates(
                prompt.unread(reused), cache: cache, adapters: prompt.adapters, last: 1)[0]
            let seconds = start.duration(to: .now).seconds
            let read = cache.count
            defer { keep(prompt, reused, seconds: seconds) }
            return try continuations.map { ids in
                guard !ids.isEmpty else { return 0 }
                var hidden = last
                if ids.count > 1 {
                    let rest = try decoder.hiddenStates(
                        decoder.embed(Array(ids.dropLast())), cache: cache, adapters: prompt.adapters)[0]
                    hidden = try Tensor.concatenated([last, rest])
                    cache.truncate(to: read)
                }
                let likelihood = try -decoder.crossEntropy(hidden, targets: ids)
                guard likelihood.isFinite else { throw ModelError.scoresAreNoNumbers(decoder.dtype) }
                return likelihood
            }
        }
    }

    /// What an answer is given from, and what of it need not be read again.
    private func prepare(
        _ question: String, _ options: Options
    ) async throws -> (found: Found, prompt: Prompt, reused: PromptCache.Reused?, retrieveSeconds: Double) {
        try Self.check(question)
        try Task.checkCancellation()
        let plain = try plainPrompt(question, options)
        let start = ContinuousClock.now
        let found = try await find(options.searchText ?? question, options)
        let seconds = start.duration(to: .now).seconds
        let prompt = try await build(question, plain, options, found)
        // The text of a document is read once for all questions that follow each other.
        return (
            found, prompt, try prompt.ids.map { try promptCache.reuse(for: $0, of: model.languageModel.decoder) },
            seconds
        )
    }

    /// Holds what was read for the next question.
    private func keep(_ prompt: Prompt, _ reused: PromptCache.Reused?, seconds: Double) {
        if let ids = prompt.ids, let reused { promptCache.keep(ids, reused, seconds: reused.seconds + seconds) }
    }

    func retriever() throws -> Retriever {
        if let made = madeRetriever.withLock({ $0 }) { return made }
        let retriever = Retriever(
            library: library, embedder: try model.embedder, threads: Runtime.threads, logger: .quiet)
        return madeRetriever.withLock { made in
            made = made ?? retriever
            return made ?? retriever
        }
    }

    private static func check(_ question: String) throws {
        guard !question.allSatisfy(\.isWhitespace) else { throw EngineError(.invalid, "the question is empty") }
    }

    /// The adapter that reads a group's vectors, and which of the library's it is; nil where it has none yet, for which the
    /// general one stands in.
    func adapter(of group: String) async throws -> (adapter: Adapter, record: AdapterRecord?)? {
        if let given = given.withLock({ $0[group] }) { return (given, nil) }
        for record in try await library.adapters(of: group, identity: model.vectorIdentity) {
            let key = AdapterCache.Key(record)
            if let adapter = adapters.adapter(key) { return (adapter, record) }
            // Where the newest is damaged, the one before it counts.
            guard let weights = try await library.weights(of: record) else { continue }
            let checkpoint = try AdapterCheckpoint(
                configuration: record.config, weights: weights, name: "the adapter of group '\(group)'")
            let decoder = model.languageModel.decoder
            let adapter = try Adapter(checkpoint, for: decoder).frozen(as: decoder.dtype, device: decoder.device)
            adapters.keep(adapter, key)
            return (adapter, record)
        }
        return nil
    }

    /// A document's vectors, bfloat16: as they were tuned with the adapter that reads them, where they were.
    func vectors(of document: DocumentRecord, _ options: Options) async throws -> SegmentVectors {
        let usesOwn = options.usesAdapter && options.adapter == nil
        let record = usesOwn ? try await adapter(of: document.group)?.record : nil
        var tuning: AdapterRecord?
        if let record, try await library.hasTunedVectors(of: document.id, with: record) { tuning = record }
        let digest = try await library.vectorsDigest(of: document.id, identity: model.vectorIdentity)
        let key = VectorCache.Key(identity: model.vectorIdentity, digest: digest, tuned: tuning?.digest)
        if let held = vectors.vectors(key) {
            // As for those that are read: not of a document that is being added anew.
            try await library.checkCompressed(document.id, identity: model.vectorIdentity)
            return held
        }
        let read = try await readVectors(of: document, tunedWith: tuning)
        // Where another process has changed them meanwhile, they are not those of the key.
        if try await library.vectorsDigest(of: document.id, identity: model.vectorIdentity) == digest {
            vectors.keep(read, key)
        }
        return read
    }

    private func readVectors(
        of document: DocumentRecord, tunedWith record: AdapterRecord?
    ) async throws -> SegmentVectors {
        let stored = try await library.storedVectors(of: document.id, identity: model.vectorIdentity)
        guard let record, let tuned = try await library.tunedVectors(of: document.id, with: record) else {
            return stored
        }
        guard tuned.count == 2 * stored.values.count else {
            throw LibraryError.damaged(
                library.path, "the tuned vectors of \"\(document.name)\" are not of the shape of the others")
        }
        let values = try tuned.withUnsafeBytes {
            try Tensor(copying: $0, shape: stored.values.shape, dtype: .bfloat16)
        }
        return SegmentVectors(values, bias: stored.bias, places: stored.places)
    }
}

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
/// Retrieval finds the documents of a question. The model answers from their vectors, with the adapter of their group,
/// and in some modes from text. Any number of tasks may ask at once. The caches have a maximum size.
public final class Answerer: Sendable {
    let model: LoadedModel
    let library: any LibraryStore
    /// Adapters by group that replace the library's.
    private let adapterOverrides = Mutex<[String: Adapter]>([:])
    private let adapters: AdapterCache
    private let vectors: VectorCache
    private let cachedRetriever = Mutex<Retriever?>(nil)
    let promptCache = PromptCache()
    private let generations: GenerationLoop
    /// The queue that loads adapters and vectors; nil to load them on the caller's thread.
    private let loading: SerialQueue?
    let mixer: ContextMixer

    /// The context of an answer, and how the answer is generated.
    public struct Options: Sendable {
        /// The answering mode; `hybrid` by default: vectors and excerpts.
        public var mode = AnswerMode.default
        /// The group that documents must be in; nil for any group.
        public var group: String?
        /// The names of the documents to answer from; nil for those that retrieval finds.
        public var documents: [String]?
        /// The maximum number of documents that retrieval finds, best first; 1 by default.
        public var maximumDocuments = 1
        /// The maximum number of passages in the context in mode `retrieval`, and in the answer's list in every mode; 4
        /// by default.
        public var maximumPassages = 4
        /// Whether to search for passages only to cite them; true by default. If false, requested documents are not
        /// searched in modes that need no passages.
        public var namesPassages = true
        /// The position budget for documents in the modes `hybrid`, `compressed` and `retrieval`. Nil for a thirtieth
        /// of the documents' tokens in mode `hybrid`, for all vectors in `compressed`, for whole passages in
        /// `retrieval`.
        public var budget: ContextBudget.Size?
        /// The maximum share of the budget that is text in mode `hybrid`, 0...1; the rest is vectors. Nil to decide by
        /// the question.
        public var textShare: Double?
        /// Sampling and stopping; greedy decoding of up to 256 tokens by default.
        public var generation = GenerationOptions()
        /// The earlier turns of the conversation.
        public var history: [ChatMessage] = []
        /// The search query for documents and excerpts; nil for the question. A question may contain more than a query
        /// should, such as multiple-choice options or instructions.
        public var searchText: String?
        /// The form of the prompt; a chat turn by default. The answer to a continuation keeps surrounding white space.
        public var form = PromptForm.chat
        /// Whether to use the group's adapter; true by default. The compressor's adapter is always used.
        public var usesAdapter = true
        /// An adapter that replaces every group's, in all modes; nil for none.
        public var adapter: GeneralAdapter?

        /// Creates the default options: mode `hybrid`, the best document, its group's adapter.
        public init() {}
    }

    /// Creates an answerer over a loaded model and a library.
    ///
    /// - Parameters:
    ///   - adapters: the cache of loaded adapters; several answerers of one model may share it
    ///   - vectors: the cache of loaded vectors; may be shared likewise
    ///   - generations: the loop that decodes answers in one batch; may be shared likewise
    public convenience init(
        model: LoadedModel, library: any LibraryStore, adapters: AdapterCache = AdapterCache(),
        vectors: VectorCache = VectorCache(), generations: GenerationLoop? = nil
    ) {
        self.init(
            model: model, library: library, adapters: adapters, vectors: vectors,
            generations: generations ?? GenerationLoop(model.languageModel), loading: nil)
    }

    /// Creates an answerer that loads adapters and vectors on a queue, so that the caller's thread can compute
    /// meanwhile.
    init(
        model: LoadedModel, library: any LibraryStore, adapters: AdapterCache, vectors: VectorCache,
        generations: GenerationLoop, loading: SerialQueue?
    ) {
        self.model = model
        self.library = library
        self.adapters = adapters
        self.vectors = vectors
        self.generations = generations
        self.loading = loading
        mixer = ContextMixer(model: model, library: library)
    }

    /// The prompt cache reuses the beginning of a text prompt in multiples of this many positions.
    package var reusedStep: Int {
        get { promptCache.step }
        set { promptCache.step = newValue }
    }

    /// Sets an adapter that replaces the library's for a group; nil to use the library's again.
    ///
    /// - Throws: `TorchError` if the adapter cannot be copied to the model's device.
    public func setAdapter(_ adapter: Adapter?, for group: String) throws {
        let adapter = try adapter?.frozen(
            as: model.languageModel.decoder.dtype, device: model.languageModel.decoder.device)
        adapterOverrides.withLock { $0[group] = adapter }
    }

    /// Answers a question.
    ///
    /// Stops within a chunk of prefill or a token if the task is cancelled.
    ///
    /// - Parameter onText: called with each piece of the answer as it is generated
    /// - Throws: `ModelError` if the question does not fit the model's window, `LibraryError`, `EngineError`,
    ///   `CancellationError`.
    public func answer(
        _ question: String, _ options: Options = Options(), onText: (String) throws -> Void = { _ in }
    ) async throws -> Answer {
        let clock = ContinuousClock()
        let start = clock.now
        let (sources, prompt, reused, retrieveSeconds) = try await prepare(question, options)
        let generated = try await generations.generate(
            prompt.embeddings(after: reused), cache: reused?.cache ?? prompt.context, options: options.generation,
            adapters: prompt.adapters, onText: onText)
        cache(prompt, reused, seconds: generated.prefillSeconds)
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
                retrieve: retrieveSeconds, prefill: generated.prefillSeconds, decode: generated.decodeSeconds,
                total: start.duration(to: clock.now).seconds),
            reusedSeconds: reused?.seconds ?? 0, cutTokens: prompt.cutTokens,
            omissions: sources.omissions + prompt.omissions
                + (generated.end == .window ? ["the answer was truncated: the model's window is full"] : []),
            end: generated.end, logProbabilities: generated.logProbabilities)
    }

    /// The log-probability of each of several answers, given the prompt of ``answer(_:_:onText:)``.
    ///
    /// The end token is not included. The prompt is prefilled once, and the answers share its keys and values.
    ///
    /// - Returns: one value per answer in nats, at most 0
    /// - Throws: as ``answer(_:_:onText:)``; `ModelError` also if an answer does not fit the window.
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
                prompt.embeddings(after: reused), cache: cache, adapters: prompt.adapters, last: 1)[0]
            let seconds = start.duration(to: .now).seconds
            let promptCount = cache.count
            defer { self.cache(prompt, reused, seconds: seconds) }
            return try continuations.map { ids in
                guard !ids.isEmpty else { return 0 }
                var hidden = last
                if ids.count > 1 {
                    let rest = try decoder.hiddenStates(
                        decoder.embed(Array(ids.dropLast())), cache: cache, adapters: prompt.adapters)[0]
                    hidden = try Tensor.concatenated([last, rest])
                    cache.truncate(to: promptCount)
                }
                let likelihood = try -decoder.crossEntropy(hidden, targets: ids)
                guard likelihood.isFinite else { throw ModelError.nonFiniteLogits(decoder.dtype) }
                return likelihood
            }
        }
    }

    /// Retrieves the sources, builds the prompt, and finds its beginning in the prompt cache.
    private func prepare(
        _ question: String, _ options: Options
    ) async throws -> (sources: Sources, prompt: Prompt, reused: PromptCache.Reused?, retrieveSeconds: Double) {
        try Self.check(question)
        try Task.checkCancellation()
        let plain = try plainPrompt(question, options)
        let start = ContinuousClock.now
        let sources = try await findSources(options.searchText ?? question, options)
        let seconds = start.duration(to: .now).seconds
        let prompt = try await prompt(question, plain, options, sources)
        return (
            sources, prompt, try prompt.ids.map { try promptCache.reuse(for: $0, of: model.languageModel.decoder) },
            seconds
        )
    }

    /// Stores a text prompt in the prompt cache.
    private func cache(_ prompt: Prompt, _ reused: PromptCache.Reused?, seconds: Double) {
        if let ids = prompt.ids, let reused { promptCache.insert(ids, reused, seconds: reused.seconds + seconds) }
    }

    /// The retriever over the library, created on first use.
    func retriever() throws -> Retriever {
        if let cached = cachedRetriever.withLock({ $0 }) { return cached }
        let retriever = Retriever(
            library: library, embedder: try model.embedder, threads: Runtime.threads, logger: .quiet)
        return cachedRetriever.withLock { cached in
            cached = cached ?? retriever
            return cached ?? retriever
        }
    }

    private static func check(_ question: String) throws {
        guard !question.allSatisfy(\.isWhitespace) else { throw EngineError(.invalid, "the question is empty") }
    }

    /// The adapter of a group, with its record if it is the library's; nil if the group has none. The general adapter
    /// is then used.
    func adapter(of group: String) async throws -> (adapter: Adapter, record: AdapterRecord?)? {
        if let adapter = adapterOverrides.withLock({ $0[group] }) { return (adapter, nil) }
        for record in try await library.adapters(of: group, identity: model.vectorIdentity) {
            let key = AdapterCache.Key(record)
            if let cached = adapters.adapter(key) { return (cached, record) }
            // If the newest adapter is damaged, the previous one is used.
            if let adapter = try await load({ try await loadAdapter(record, key) }) { return (adapter, record) }
        }
        return nil
    }

    /// Runs `body` on the loading queue; on the caller's thread if there is none.
    private func load<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        guard let loading else { return try await body() }
        return try await loading.run(body)
    }

    /// Loads an adapter into the cache; nil if its weights are damaged.
    private func loadAdapter(_ record: AdapterRecord, _ key: AdapterCache.Key) async throws -> Adapter? {
        // Another question may have loaded it while this one waited.
        if let adapter = adapters.peek(key) { return adapter }
        guard let weights = try await library.weights(of: record) else { return nil }
        let checkpoint = try AdapterCheckpoint(
            configuration: record.config, weights: weights, name: "the adapter of group '\(record.group)'")
        let decoder = model.languageModel.decoder
        let adapter = try Adapter(checkpoint, for: decoder).frozen(as: decoder.dtype, device: decoder.device)
        adapters.keep(adapter, key)
        return adapter
    }

    /// A document's vectors, bfloat16: those that were tuned with the group's adapter, if any, else the compressor's.
    func vectors(of document: DocumentRecord, _ options: Options) async throws -> SegmentVectors {
        let usesGroupAdapter = options.usesAdapter && options.adapter == nil
        let record = usesGroupAdapter ? try await adapter(of: document.group)?.record : nil
        let tuning: AdapterRecord? =
            if let record, try await library.hasTunedVectors(of: document.id, with: record) { record } else { nil }
        let digest = try await library.vectorsDigest(of: document.id, identity: model.vectorIdentity)
        let key = VectorCache.Key(identity: model.vectorIdentity, digest: digest, tuned: tuning?.digest)
        if let cached = vectors.vectors(key) {
            // Throws, as loading does, while the document is being added again.
            try await library.checkCompressed(document.id, identity: model.vectorIdentity)
            return cached
        }
        return try await load {
            // Another question may have loaded them while this one waited.
            if let cached = vectors.peek(key) {
                try await library.checkCompressed(document.id, identity: model.vectorIdentity)
                return cached
            }
            let loaded = try await readVectors(of: document, tunedWith: tuning)
            // If another process has changed the vectors in the meantime, they do not belong to the key.
            if try await library.vectorsDigest(of: document.id, identity: model.vectorIdentity) == digest {
                vectors.insert(loaded, key)
            }
            return loaded
        }
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
                library.path,
                "the tuned vectors of \"\(document.name)\" have \(tuned.count) bytes, expected "
                    + "\(2 * stored.values.count)")
        }
        let values = try tuned.withUnsafeBytes {
            try Tensor(copying: $0, shape: stored.values.shape, dtype: .bfloat16)
        }
        return SegmentVectors(values, bias: stored.bias, places: stored.places)
    }
}

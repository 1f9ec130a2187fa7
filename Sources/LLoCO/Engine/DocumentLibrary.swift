import LLoCOCompression
public import LLoCOLibrary

/// A library of documents that an engine adds to, answers from and trains adapters for.
///
/// Many tasks may use it at once. Answers are decoded in one batch on the engine's thread. Additions and training runs
/// of one library wait for each other, and let questions run between two segments or steps.
public final class DocumentLibrary: Sendable {
    /// The engine that computes.
    public let engine: Engine
    /// The store of documents, passages, vectors, adapters, training runs and studies.
    public let store: any LibraryStore
    /// Serializes additions and training runs.
    let writing: SerialQueue
    let answerer: Answerer

    init(engine: Engine, store: any LibraryStore) {
        self.engine = engine
        self.store = store
        writing = SerialQueue(on: engine.thread)
        answerer = Answerer(
            model: engine.model, library: store, adapters: engine.adapters, vectors: engine.vectors,
            generations: engine.generations, loading: engine.loading)
    }

    /// The prompt cache reuses the beginning of a text prompt in multiples of this many positions.
    package var reusedStep: Int {
        get { answerer.reusedStep }
        set { answerer.reusedStep = newValue }
    }

    /// The content and hit counts of the prompt cache.
    public var promptCacheUse: CacheUse { answerer.promptCache.use }

    /// Answers a question from the library's documents as a stream.
    ///
    /// - Parameters:
    ///   - group: the group whose documents are searched; nil for the group of the best document
    ///   - options: the context of the answer, and how it is generated
    public func ask(
        _ question: String, in group: String? = nil, options: Answerer.Options = Answerer.Options()
    ) -> AnswerStream {
        var options = options
        if let group { options.group = group }
        let (answerer, finalOptions) = (answerer, options)
        return AnswerStream(on: engine.thread) { try await answerer.answer(question, finalOptions, onText: $0) }
    }
}

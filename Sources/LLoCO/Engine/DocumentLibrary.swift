import LLoCOCompression
public import LLoCOLibrary

/// A library of documents that an engine learns and answers from.
///
/// It may be used from many tasks at once. Answers to several questions grow together on the engine's thread; additions and
/// trainings of one library wait for each other, and let questions pass between two segments or steps.
public final class DocumentLibrary: Sendable {
    /// What computes.
    public let engine: Engine
    /// What is stored: documents, passages, vectors, adapters, runs, studies.
    public let store: any LibraryStore
    let writing: WriteQueue
    let answerer: Answerer

    init(engine: Engine, store: any LibraryStore) {
        self.engine = engine
        self.store = store
        writing = WriteQueue(on: engine.thread)
        answerer = Answerer(
            model: engine.model, library: store, adapters: engine.adapters, vectors: engine.vectors,
            generations: engine.generations)
    }

    /// The beginning of a prompt of text that others share is taken over in multiples of this many positions.
    package var reusedStep: Int {
        get { answerer.reusedStep }
        set { answerer.reusedStep = newValue }
    }

    /// Prompts of text that are held for others that begin alike.
    public var promptCacheUse: CacheUse { answerer.promptCache.use }

    /// Answers a question from the library's documents, piece by piece.
    ///
    /// - Parameters:
    ///   - group: only from documents of this group; nil for the group of the best document
    ///   - options: what may be read, and how much
    public func ask(
        _ question: String, in group: String? = nil, options: Answerer.Options = Answerer.Options()
    ) -> AnswerStream {
        var options = options
        if let group { options.group = group }
        let (answerer, asked) = (answerer, options)
        return AnswerStream(on: engine.thread) { try await answerer.answer(question, asked, onText: $0) }
    }
}

import Foundation
import LLoCOBase
public import LLoCOCompression
public import LLoCOLibrary
import LLoCOModels
public import LLoCOTorch
public import Logging

/// A loaded model that answers from libraries of documents: where everything begins.
///
/// ```swift
/// let lloco = try await Engine.load()
/// let library = try await lloco.library(at: "notes.lloco")
/// try await library.add(contentsOf: ["report.pdf"], to: "work")
/// for try await piece in library.ask("What was decided?", in: "work") { print(piece, terminator: "") }
/// ```
///
/// It may be used from many tasks at once: they share the loaded weights, one thread that computes, and loaded adapters, the
/// least recently used of which are dropped.
public final class Engine: Sendable {
    /// The loaded parts: the language model, its compressor, the adapter for groups without one, the retrieval model.
    public let model: LoadedModel
    /// What computes.
    public let thread: DedicatedThread
    /// What reads files and waits for their locks.
    package let filesThread = DedicatedThread(name: "lloco.files")
    /// Groups' adapters that are loaded.
    public let adapters: AdapterCache
    /// Documents' vectors that are loaded.
    public let vectors: VectorCache
    /// What continues prompts: the answers of all libraries grow together.
    let generations: GenerationLoop

    /// An engine of loaded parts.
    public init(
        _ model: LoadedModel, thread: DedicatedThread = DedicatedThread(name: "lloco.compute"),
        adapters: AdapterCache = AdapterCache(), vectors: VectorCache = VectorCache()
    ) {
        self.model = model
        self.thread = thread
        self.adapters = adapters
        self.vectors = vectors
        generations = GenerationLoop(model.languageModel)
    }

    /// Loads a model with the compressor and the adapter that were made for it.
    ///
    /// - Parameters:
    ///   - model: a GGUF file, a Hugging Face folder, or a model's name; nil for the library's, else `$LLOCO_MODEL`, else the
    ///     default model
    ///   - library: a library's file, to be read with the model that it was made with; it need not be there
    ///   - embedder: a sentence embedding model's folder; nil for `$LLOCO_EMBEDDER`, else the default one
    ///   - device: where to compute
    /// - Throws: `EngineError` where a file is missing, `CheckpointError`, `ModelError`, `TokenizerError` where it cannot be
    ///   used.
    public static func load(
        model: String? = nil, for library: String? = nil, embedder: String? = nil, device: Device = .cpu
    ) async throws -> Engine {
        let store =
            try library.flatMap { path -> SQLiteLibrary? in
                guard model == nil, FileManager.default.fileExists(atPath: path) else { return nil }
                return try SQLiteLibrary.open(path, for: .reading)
            }
        var options = try LoadedModel.Options.installed(model: model, for: store, embedder: embedder)
        options.device = device
        return try await load(options)
    }

    /// Loads the parts that the options name.
    public static func load(_ options: LoadedModel.Options) async throws -> Engine {
        try await load(on: DedicatedThread(name: "lloco.compute")) { try LoadedModel.load(options) }
    }

    /// Loads the parts on the thread that will compute.
    ///
    /// - Throws: `ModelError` and `TokenizerError` too where the model reads no text, which documents are.
    package static func load(
        on thread: DedicatedThread, _ parts: @Sendable () throws -> LoadedModel
    ) async throws -> Engine {
        let model = try await thread.run {
            let model = try parts()
            _ = try model.languageModel.tokenizer
            return model
        }
        return Engine(model, thread: thread)
    }

    /// What the language model is called: its name in the catalogue, else that of its file or folder.
    public var modelName: String { Installation.name(of: model.languageModel.path, identity: model.modelIdentity) }

    /// The answers that are growing, or wait for their turn.
    public var growingAnswers: Int { generations.count }

    /// Opens a library file, which is created where there is none.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist
    ///   - access: `writing`, the default, keeps other processes from writing for as long as the library is open
    ///   - logger: hears of waiting for another writer and of notable changes
    /// - Throws: `LibraryError`
    public func library(
        at path: String, for access: SQLiteLibrary.Access = .writing, logger: Logger = Logger(label: "lloco.library")
    ) async throws -> DocumentLibrary {
        library(try await filesThread.run { try SQLiteLibrary.open(path, for: access, logger: logger) })
    }

    /// A library in any store. One store is given once: additions of two libraries over it would not wait for each other.
    public func library(_ store: any LibraryStore) -> DocumentLibrary {
        DocumentLibrary(engine: self, store: store)
    }
}

extension LoadedModel.Options {
    /// What is installed: a model with all compressors and adapters that come along, of which the fitting one is taken.
    ///
    /// - Throws: `EngineError` where there is no such file.
    public static func installed(
        model: String? = nil, for library: SQLiteLibrary? = nil, embedder: String? = nil
    ) throws -> LoadedModel.Options {
        var options = LoadedModel.Options(model: try Installation.model(model, for: library))
        options.embedder = try Installation.embedder(embedder)
        options.compressors = Installation.compressors
        options.adapters = Installation.adapters
        return options
    }
}

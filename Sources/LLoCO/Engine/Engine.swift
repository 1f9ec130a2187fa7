import Foundation
import LLoCOBase
public import LLoCOCompression
public import LLoCOLibrary
import LLoCOModels
public import LLoCOTorch
public import Logging

/// The entry point: a loaded model that answers from libraries of documents.
///
/// ```swift
/// let lloco = try await Engine.load()
/// let library = try await lloco.library(at: "notes.lloco")
/// try await library.add(contentsOf: ["report.pdf"], to: "work")
/// for try await piece in library.ask("What was decided?", in: "work") { print(piece, terminator: "") }
/// ```
///
/// Many tasks may use it at once. They share the weights, one compute thread, and LRU caches of adapters and vectors.
public final class Engine: Sendable {
    /// The loaded parts: language model, compressor, general adapter and retrieval model.
    public let model: LoadedModel
    /// The thread that computes.
    public let thread: DedicatedThread
    /// The thread that reads files and waits for file locks.
    package let filesThread = DedicatedThread(name: "lloco.files")
    /// The cache of loaded adapters.
    public let adapters: AdapterCache
    /// The cache of loaded vectors.
    public let vectors: VectorCache
    /// The loop that decodes the answers of all libraries in one batch.
    let generations: GenerationLoop
    /// The queue that loads adapters and vectors while ``thread`` computes.
    let loading = SerialQueue(on: DedicatedThread(name: "lloco.load"))

    /// Creates an engine from loaded parts.
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

    /// Loads a model with the compressor and the general adapter that were trained for it.
    ///
    /// - Parameters:
    ///   - model: a GGUF file, a Hugging Face folder, or a model's name; nil for the library's, else `$LLOCO_MODEL`,
    ///     else the default model
    ///   - library: a library file whose documents' model is loaded if `model` is nil; ignored if it does not exist
    ///   - embedder: a sentence embedding model's folder; nil for `$LLOCO_EMBEDDER`, else the default one
    ///   - device: the device to compute on; the CPU by default
    /// - Throws: `EngineError` if a file is missing; `CheckpointError`, `ModelError` or `TokenizerError` if a file
    ///   cannot be used.
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

    /// Loads the parts on the compute thread.
    ///
    /// - Throws: the errors of `parts`; `ModelError` or `TokenizerError` if the model has no usable tokenizer.
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

    /// The language model's name: that in the catalogue, else that of its file or folder.
    public var modelName: String { Installation.name(of: model.languageModel.path, identity: model.modelIdentity) }

    /// The number of answers that are being generated or are queued.
    public var growingAnswers: Int { generations.count }

    /// Opens a library file. A missing file is created if it is opened for writing.
    ///
    /// - Parameters:
    ///   - path: the file; its folder must exist
    ///   - access: `writing`, the default, locks out other writers while the library is open
    ///   - logger: logs waiting for another writer and notable changes
    /// - Throws: `LibraryError`.
    public func library(
        at path: String, for access: SQLiteLibrary.Access = .writing, logger: Logger = Logger(label: "lloco.library")
    ) async throws -> DocumentLibrary {
        library(try await filesThread.run { try SQLiteLibrary.open(path, for: access, logger: logger) })
    }

    /// A library over any store. Use one library per store: additions to two libraries would not wait for each other.
    public func library(_ store: any LibraryStore) -> DocumentLibrary {
        DocumentLibrary(engine: self, store: store)
    }
}

extension LoadedModel.Options {
    /// The options for an installed model. Of the installed compressors and adapters, those made for the model are
    /// loaded.
    ///
    /// - Throws: `EngineError` if a file does not exist.
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

public import Foundation
import LLoCOBase
public import LLoCOCheckpoints
import LLoCOLibrary
public import LLoCOModels
public import LLoCOTorch

extension LoadedModel {
    /// The files to load, and how to run them.
    public struct Options: Sendable {
        /// A GGUF file or a Hugging Face folder
        public var model: URL
        /// The compressor; nil (the default) for ``LoadedModel/compressorSource(_:identity:among:)``
        public var compressor: CompressorSource?
        /// Folders of candidate compressors, each made for one model
        public var compressors: [URL] = []
        /// Folders of candidate general adapters, each trained on one model's vectors
        public var adapters: [URL] = []
        /// The folder of a sentence embedding model; nil for none
        public var embedder: URL?
        /// The model's dtype; nil for bfloat16 where the device multiplies it natively, else float32
        public var dtype: DType?
        /// The device of the model and of the retrieval model: the CPU by default
        public var device = Device.cpu
        /// The weights that decoding uses
        public var decodeWeights = DecodeWeights.automatic
        /// Where the weights are held
        public var weights = WeightPlace.automatic
        /// Tokens per segment; nil for the compressor's number
        public var segmentTokens: Int?
        /// Tokens of text per vector; nil for the compressor's ratio
        public var ratio: Double?
        /// The chat template: the model's by default
        public var template: TemplateChoice = .model
        /// Hashes files even if digests are cached for them
        public var verifiesFiles = false

        /// A model alone, with all defaults and no retrieval model. `installed(model:for:embedder:)` adds the installed
        /// compressors, adapters and retrieval model.
        public init(model: URL) {
            self.model = model
        }
    }

    /// Loads the model, its compressor and its general adapter. The retrieval model is loaded at first use.
    public static func load(_ options: Options) throws -> LoadedModel {
        let model = try LanguageModel(
            path: options.model, dtype: options.dtype, device: options.device, decodeWeights: options.decodeWeights,
            weights: options.weights)
        let modelIdentity = try FileIdentity.digest(of: model.identityFiles, verifying: options.verifiesFiles)
        let loaded = LoadedModel(
            model: model, modelIdentity: modelIdentity,
            compressor: try compressor(options, model, modelIdentity),
            lazyEmbedder: options.embedder.map { folder in
                // Always float32: embeddings are compared, so they must not depend on the language model's dtype.
                OnDemand<any TextEmbedder> {
                    try LoadedEmbedder(
                        SentenceEmbedder(folder: folder, device: options.device), verifying: options.verifiesFiles)
                }
            },
            template: options.template)
        return loaded.with(
            try GeneralAdapter.load(among: options.adapters, for: loaded.vectorIdentity, model.decoder))
    }

    /// Whether a model's checkpoint is itself a compressor.
    public static func isCompressor(_ checkpoint: any Checkpoint) -> Bool {
        checkpoint.contains(CompressorCheckpoint.embeddingTensor)
    }

    /// The source of a model's compressor.
    public enum CompressorSource: Equatable, Sendable {
        /// A folder in the layout of ``CompressorCheckpoint``
        case folder(URL)
        /// The model's own checkpoint
        case model
        /// No trained compressor: the keys and values that the text attends to most are kept
        case attended
    }

    /// The default compressor of a model: its own checkpoint if that is a compressor, else the first folder made for
    /// it, else ``CompressorSource/attended``.
    ///
    /// - Parameter identity: the SHA-256 of the model's files
    public static func compressorSource(
        _ checkpoint: any Checkpoint, identity: String, among folders: [URL]
    ) -> CompressorSource {
        if isCompressor(checkpoint) { return .model }
        return CompressorCheckpoint.folder(among: folders, for: identity).map(CompressorSource.folder) ?? .attended
    }

    /// Loads the compressor that the options name, or the default one. Returns it with its identity.
    public static func compressor(
        _ options: Options, _ model: LanguageModel, _ modelIdentity: String
    ) throws -> (compressor: Compressor, identity: String) {
        let decoder = model.decoder
        func load(_ folder: URL) throws -> (Compressor, String) {
            let parts = try CompressorCheckpoint.parts(in: folder, for: decoder, identity: modelIdentity)
            let scheme = try options.applied(to: parts.description.scheme)
            return (
                try Compressor(
                    decoder: decoder, embedSummary: parts.embedSummary[0..<scheme.learnedRows],
                    loading: parts.adapter, scheme: scheme,
                    unscaledVectorLimit: parts.description.scheme.summaryTokens),
                try CompressorCheckpoint.identity(in: folder)
            )
        }
        let source =
            options.compressor
            ?? compressorSource(model.checkpoint, identity: modelIdentity, among: options.compressors)
        switch source {
        case .folder(let folder):
            return try load(folder)
        case .attended:
            return (
                try .attended(
                    for: decoder, options.applied(to: Compressor.attendedScheme),
                    unscaledVectorLimit: Compressor.attendedScheme.summaryTokens),
                Compressor.attendedIdentity
            )
        case .model:
            let name = CompressorCheckpoint.embeddingTensor
            let embedding = try model.checkpoint.tensor(name, as: .float32)
            guard embedding.rank == 2 else {
                throw EngineError(
                    .damaged, "\(options.model.path): \(name): shape \(embedding.shape), expected [S, D]")
            }
            let scheme = try options.applied(
                to: CompressionScheme(
                    summaryTokens: embedding.size(0),
                    carry: model.configuration.accumulateSummary ? .accumulated : .newest))
            return (
                try Compressor(
                    decoder: decoder, embedSummary: embedding[0..<scheme.learnedRows], adapter: nil, scheme: scheme),
                modelIdentity
            )
        }
    }
}

extension LoadedModel.Options {
    /// A compressor's scheme with the requested segment size and ratio.
    ///
    /// - Throws: `EngineError` if the ratio needs more vectors per segment than the compressor makes.
    func applied(to scheme: CompressionScheme) throws -> CompressionScheme {
        var scheme = scheme
        if let segmentTokens { scheme.segmentTokens = segmentTokens }
        guard let ratio else { return scheme }
        let count = max(1, Int((Double(scheme.segmentTokens) / max(1, ratio)).rounded(.up)))
        let limit = scheme.vectorLimit(of: scheme.segmentTokens)
        guard count <= limit else {
            throw EngineError(
                .invalid,
                "a ratio of \(ratio.formatted()) needs \(count) vectors per segment of \(scheme.segmentTokens) tokens, "
                    + "expected at most \(limit): the compressor makes no more; raise the ratio")
        }
        scheme.summaryTokens = count
        return scheme
    }
}

public import Foundation
import LLoCOBase
public import LLoCOCheckpoints
import LLoCOLibrary
public import LLoCOModels
public import LLoCOTorch

extension LoadedModel {
    /// Where an engine's parts lie, and how they are run.
    public struct Options: Sendable {
        /// A GGUF file or a Hugging Face folder
        public var model: URL
        /// nil for the model's own, the one among `compressors` made for it, or the text's own attention
        public var compressor: CompressorSource?
        /// Folders with compressors, each made for some model
        public var compressors: [URL] = []
        /// Folders with general adapters, each for some model's vectors
        public var adapters: [URL] = []
        /// A sentence embedding model's folder; nil for none
        public var embedder: URL?
        /// nil for bfloat16 where the device multiplies it natively, else float32
        public var dtype: DType?
        /// Where to compute, the retrieval model too: the CPU by default
        public var device = Device.cpu
        /// What an answer's tokens are computed from
        public var decodeWeights = DecodeWeights.automatic
        /// Where the weights are
        public var weights = WeightPlace.automatic
        /// Tokens a segment; nil for the compressor's own
        public var segmentTokens: Int?
        /// Tokens of text a vector; nil for the compressor's own
        public var ratio: Double?
        /// How the model wants to be spoken to; nil for what its own template says
        public var template: TemplateChoice = .model
        /// Reads whole files for their digests, even where those of unchanged files are known
        public var verifiesFiles = false

        /// The defaults: a model alone, without a retrieval model; `installed(model:for:embedder:)` names what comes along.
        public init(model: URL) {
            self.model = model
        }
    }

    /// Loads the parts.
    public static func load(_ options: Options) throws -> LoadedModel {
        let model = try LanguageModel(
            path: options.model, dtype: options.dtype, device: options.device, decodeWeights: options.decodeWeights,
            weights: options.weights)
        let modelIdentity = try FileIdentity.digest(of: model.identityFiles, verifying: options.verifiesFiles)
        let loaded = LoadedModel(
            model: model, modelIdentity: modelIdentity,
            compressor: try compressor(options, model, modelIdentity),
            lazyEmbedder: options.embedder.map { folder in
                // Always float32: embeddings that are compared are made alike, whatever the model computes in.
                OnDemand<any TextEmbedder> {
                    try LoadedEmbedder(
                        SentenceEmbedder(folder: folder, device: options.device), verifying: options.verifiesFiles)
                }
            },
            template: options.template)
        return loaded.with(
            try GeneralAdapter.load(among: options.adapters, for: loaded.vectorIdentity, model.decoder))
    }

    /// Whether a model's own weights are a compressor's.
    public static func isCompressor(_ checkpoint: any Checkpoint) -> Bool {
        checkpoint.contains(CompressorCheckpoint.embeddingTensor)
    }

    /// Where a model's compressor comes from.
    public enum CompressorSource: Equatable, Sendable {
        /// A folder that `train-compressor` wrote
        case folder(URL)
        /// The model's own weights
        case model
        /// Nowhere: the text's own attention chooses
        case attended
    }

    /// The model's own weights where they are a compressor's, one among those made for it, or none.
    ///
    /// - Parameter identity: the SHA-256 of the model's files
    public static func compressorSource(
        _ checkpoint: any Checkpoint, identity: String, among folders: [URL]
    ) -> CompressorSource {
        if isCompressor(checkpoint) { return .model }
        return CompressorCheckpoint.folder(among: folders, for: identity).map(CompressorSource.folder) ?? .attended
    }

    /// The compressor of a model: given, the model's own weights, one among those made for it, or the one that needs no
    /// training.
    public static func compressor(
        _ options: Options, _ model: LanguageModel, _ modelIdentity: String
    ) throws -> (compressor: Compressor, identity: String) {
        let decoder = model.decoder
        func loaded(_ folder: URL) throws -> (Compressor, String) {
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
            return try loaded(folder)
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
                    .damaged, "\(options.model.path): \(name) has the shape \(embedding.shape), expected [S, D]")
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
    /// A compressor's scheme with the segments and the ratio that are asked for.
    ///
    /// - Throws: `EngineError` where a compressor has not as many summary embeddings.
    func applied(to scheme: CompressionScheme) throws -> CompressionScheme {
        var scheme = scheme
        if let segmentTokens { scheme.segmentTokens = segmentTokens }
        guard let ratio else { return scheme }
        let count = max(1, Int((Double(scheme.segmentTokens) / max(1, ratio)).rounded(.up)))
        let limit = scheme.vectorLimit(of: scheme.segmentTokens)
        guard count <= limit else {
            throw EngineError(
                .invalid,
                "a ratio of \(ratio.formatted()) needs \(count) vectors for a segment of \(scheme.segmentTokens) tokens, the "
                    + "compressor makes \(limit) at most")
        }
        scheme.summaryTokens = count
        return scheme
    }
}

public import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOModels
public import LLoCOTorch

/// A compressor's files, for a base model that is stored elsewhere.
///
///     compressor.json              the scheme, the base model's identity, how it was trained, the other files' SHA-256
///     embed_summary.safetensors    embed_summary.weight [S, D]
///     adapter_config.json, adapter_model.safetensors    the LoRA adapter, in PEFT's layout, where the scheme has one
///     selection.safetensors        which positions each head keeps, where that is learned: see ``HeadSelection``
public struct CompressorCheckpoint: Sendable {
    /// What `compressor.json` says.
    public struct Description: Codable, Sendable, Equatable {
        /// How it compresses
        public var scheme: CompressionScheme
        /// The SHA-256 of the base model's files.
        public var baseModel: String
        /// tokens it was trained on
        public var trainedTokens: Int
        /// The SHA-256 of each of the other files, by name. A save that was interrupted, or a file that was exchanged,
        /// shows; and the digest of `compressor.json` alone identifies the compressor.
        public internal(set) var files: [String: String] = [:]

        /// What a new compressor says; the other files' digests come with writing.
        public init(scheme: CompressionScheme, baseModel: String, trainedTokens: Int) {
            self.scheme = scheme
            self.baseModel = baseModel
            self.trainedTokens = trainedTokens
        }
    }

    /// What `compressor.json` says
    public let description: Description
    /// [S, D]; [1, D] where tokens are picked, [0, D] where there are no summary positions
    public let embedSummary: Tensor
    /// What turns the base model into the compressor; nil where that compresses as it is
    public let adapter: Adapter?

    /// A compressor of parts that are in memory.
    public init(description: Description, embedSummary: Tensor, adapter: Adapter?) {
        self.description = description
        self.embedSummary = embedSummary
        self.adapter = adapter
    }

    static let descriptionName = "compressor.json"
    static let embeddingName = "embed_summary.safetensors"
    static let embeddingTensor = "embed_summary.weight"

    static let selectionName = "selection.safetensors"

    static func tensorFiles(of scheme: CompressionScheme, hasSelection: Bool) -> [String] {
        [embeddingName]
            + (scheme.hasAdapter ? [AdapterCheckpoint.configurationName, AdapterCheckpoint.weightsName] : [])
            + (hasSelection ? [selectionName] : [])
    }

    /// The SHA-256 that identifies the compressor in `folder`, once it is read.
    public static func identity(in folder: URL) throws -> String {
        try FileIdentity.digest(of: [folder.appending(path: descriptionName)])
    }
}

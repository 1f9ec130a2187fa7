public import Foundation
import LLoCOBase
import LLoCOCheckpoints
public import LLoCOModels
public import LLoCOTorch

/// A compressor's files. The base model is stored elsewhere.
///
///     compressor.json              the scheme, the base model's identity, trained tokens, the other files' SHA-256
///     embed_summary.safetensors    embed_summary.weight [S, D]
///     adapter_config.json, adapter_model.safetensors    the LoRA, in PEFT's layout, if the scheme has one
///     selection.safetensors        a learned selection of the positions that each head keeps: see ``HeadSelection``
public struct CompressorCheckpoint: Sendable {
    /// The contents of `compressor.json`.
    public struct Description: Codable, Sendable, Equatable {
        /// Segment sizes and the compression method
        public var scheme: CompressionScheme
        /// The SHA-256 of the base model's files
        public var baseModel: String
        /// Number of tokens it was trained on
        public var trainedTokens: Int
        /// The SHA-256 of each other file, by name. They reveal an interrupted save or an exchanged file, and let the
        /// digest of `compressor.json` identify the whole compressor.
        public internal(set) var files: [String: String] = [:]

        /// A new compressor's description; ``CompressorCheckpoint/write(to:as:)`` adds the other files' digests.
        public init(scheme: CompressionScheme, baseModel: String, trainedTokens: Int) {
            self.scheme = scheme
            self.baseModel = baseModel
            self.trainedTokens = trainedTokens
        }
    }

    /// The contents of `compressor.json`
    public let description: Description
    /// [S, D]; [1, D] if the method picks tokens, [0, D] without summary positions
    public let embedSummary: Tensor
    /// The compressor's LoRA; nil if the base model compresses without one
    public let adapter: Adapter?

    /// Creates a checkpoint of in-memory parts.
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

    /// The SHA-256 of a folder's `compressor.json`, which identifies the compressor. The other files are not verified.
    public static func identity(in folder: URL) throws -> String {
        try FileIdentity.digest(of: [folder.appending(path: descriptionName)])
    }
}

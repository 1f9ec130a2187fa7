public import Foundation
import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOTokenizers
public import LLoCOTorch

/// A decoder with its tokenizer.
public struct LanguageModel: Sendable {
    /// The decoder: embeddings to hidden states and logits.
    public let decoder: Llama
    /// The checkpoint's files. They stay memory-mapped: weights may be multiplied in them.
    public let checkpoint: any Checkpoint
    /// The model's path: a GGUF file or a folder.
    public let path: URL
    /// The bits of the quantized weights for decode steps; nil for the decoder's weights.
    public let decodeBits: QuantizedWeight.Bits?
    /// The reason why the weights are not in the requested place; nil if they are.
    package let weightsRemark: String?
    /// The tokenizer, or why it is missing: a model can be used with ids only.
    private let loadedTokenizer: Result<any Tokenizer, any Error>

    /// The decoder's shape.
    public var configuration: LlamaConfiguration { decoder.configuration }

    /// Loads a GGUF file or a Hugging Face folder.
    ///
    /// - Parameters:
    ///   - path: a `.gguf` file, or a folder with `config.json`, weights and a tokenizer
    ///   - dtype: by default bfloat16 if the device multiplies it natively, else float32
    ///   - decodeWeights: the weights of decode steps
    ///   - weights: the place of the weights, if they can be there
    /// - Throws: `CheckpointError`, `TokenizerError`, `ModelError`, `TorchError`
    public init(
        path: URL, dtype: DType? = nil, device: Device = .cpu, decodeWeights: DecodeWeights = .automatic,
        weights: WeightPlace = .automatic
    ) throws {
        let checkpoint = try CheckpointLoader.open(path)
        self.checkpoint = checkpoint
        let configuration = try LlamaConfiguration(of: checkpoint, at: path)
        self.path = path
        loadedTokenizer = try Self.tokenizer(of: checkpoint, path: path, vocabularySize: configuration.vocabularySize)
        decodeBits = decodeWeights.bits(hasDefaultDType: dtype == nil)
        let used = dtype ?? Self.defaultDType(on: device)
        let placed = weights.placed(configuration, dtype: used, device: device)
        weightsRemark = placed.remark
        decoder = try Llama(
            checkpoint, configuration: configuration, dtype: used, device: device, weights: placed.place,
            roundsInput: dtype == nil)
    }

    /// The default dtype of a device: bfloat16 on a GPU and on a CPU that multiplies it natively, else float32.
    public static func defaultDType(on device: Device) -> DType {
        switch device.kind {
        case .cpu: Runtime.multipliesBFloat16 ? .bfloat16 : .float32
        case .cuda, .mps: .bfloat16
        }
    }

    /// Whether the model has a tokenizer; without one it can be used with ids only.
    package var hasTokenizer: Bool { (try? loadedTokenizer.get()) != nil }

    /// The model's tokenizer.
    /// - Throws: `ModelError` if the model's folder has none, `TokenizerError` if its kind is not supported.
    public var tokenizer: any Tokenizer {
        get throws { try loadedTokenizer.get() }
    }

    /// - Throws: if the tokenizer is damaged or belongs to another model.
    private static func tokenizer(
        of checkpoint: any Checkpoint, path: URL, vocabularySize: Int
    ) throws -> Result<any Tokenizer, any Error> {
        let found: (any Tokenizer)?
        do { found = try tokenizer(of: checkpoint, path: path) } catch let error as TokenizerError
            where error.errorCode == .unsupported
        {
            return .failure(error)
        }
        guard let found else {
            return .failure(
                ModelError(
                    .notFound,
                    "\(path.path): no tokenizer found: expected tokenizer.json or tokenizer.model beside the weights"))
        }
        guard !(found is WordPieceTokenizer) else {
            return .failure(
                ModelError(.unsupported, "\(path.path): a BERT tokenizer (WordPiece), expected a decoder's"))
        }
        guard found.vocabularySize <= vocabularySize else {
            throw ModelError(
                .damaged,
                "\(path.path): the tokenizer has \(found.vocabularySize) tokens, the model \(vocabularySize): "
                    + "they belong to different models")
        }
        return .success(found)
    }

    /// Creates a session that continues the sequence in `cache`, with the weights of ``decodeBits``.
    ///
    /// - Parameter expecting: the expected number of steps, 0 by default
    public func decodeSession(
        _ cache: KeyValueCache, adapters: ActiveAdapters = .none, expecting: Int = 0
    ) throws -> DecodeSession {
        try DecodeSession(decoder, cache: cache, adapters: adapters, weights: decodeBits, expecting: expecting)
    }

    /// The context window: the maximum number of positions of a sequence.
    public var window: Int { configuration.maximumPositions }
}

extension LanguageModel {
    /// The files that determine the model's outputs: weights, and in a folder its configuration and tokenizer.
    public var identityFiles: [URL] { Self.identityFiles(of: checkpoint, at: path) }

    /// The files that determine the outputs of a model that is not loaded.
    public static func identityFiles(of checkpoint: any Checkpoint, at path: URL) -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder), isFolder.boolValue,
            !(checkpoint is GGUFCheckpoint)
        else { return checkpoint.files }
        let others = [
            "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
            "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "vocab.txt",
        ].map { path.appending(path: $0) }
        return checkpoint.files + others.filter { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// A short description of a model's shape; does not load its weights.
    public static func describe(_ path: URL) throws -> String {
        let configuration = try LlamaConfiguration(of: CheckpointLoader.open(path), at: path)
        return "\(configuration.layerCount) layers of \(configuration.hiddenSize), "
            + "vocabulary \(configuration.vocabularySize), window \(configuration.maximumPositions)"
    }
}

public import Foundation
import LLoCOBase
public import LLoCOCheckpoints
public import LLoCOTokenizers
public import LLoCOTorch

/// A decoder with the tokenizer it was trained with.
public struct LanguageModel: Sendable {
    /// Embeddings to hidden states and scores.
    public let decoder: Llama
    /// The files that the weights are in, which stay mapped: weights may be multiplied there.
    public let checkpoint: any Checkpoint
    /// What was given as the model: a GGUF file or a folder.
    public let path: URL
    /// What single steps of a generation are computed from; nil for the decoder's own weights.
    public let decodeBits: QuantizedWeight.Bits?
    /// Why the weights are not where they were asked for; nil where they are.
    package let weightsRemark: String?
    /// Or why there is none: ids can be used without.
    private let loadedTokenizer: Result<any Tokenizer, any Error>

    /// The decoder's shape.
    public var configuration: LlamaConfiguration { decoder.configuration }

    /// Loads a GGUF file or a Hugging Face folder.
    ///
    /// - Parameters:
    ///   - path: a `.gguf` file, or a folder with `config.json`, weights and a tokenizer
    ///   - dtype: by default bfloat16 where the device multiplies it natively, else float32
    ///   - decodeWeights: what single steps of a generation are computed from
    ///   - weights: where the weights are, if they can be there
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

    /// The dtype that a model is computed in where none is asked for: bfloat16 on a GPU, and on a CPU that multiplies it
    /// natively; else float32.
    public static func defaultDType(on device: Device) -> DType {
        switch device.kind {
        case .cpu: Runtime.multipliesBFloat16 ? .bfloat16 : .float32
        case .cuda, .mps: .bfloat16
        }
    }

    /// Whether text can be read and written; ids can without.
    package var hasTokenizer: Bool { (try? loadedTokenizer.get()) != nil }

    /// - Throws: `ModelError` where the model's folder holds none, `TokenizerError` where it is of an unsupported kind: ids
    ///   can be used without.
    public var tokenizer: any Tokenizer {
        get throws { try loadedTokenizer.get() }
    }

    /// - Throws: where there is a tokenizer that is damaged, or of another model.
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
                    + "they are not of one model")
        }
        return .success(found)
    }

    /// Continues a sequence whose positions are in `cache`, token by token, with the weights of ``decodeBits``.
    ///
    /// - Parameter expecting: how many steps there will be, as far as it is known
    public func decodeSession(
        _ cache: KeyValueCache, adapters: ActiveAdapters = .none, expecting: Int = 0
    ) throws -> DecodeSession {
        try DecodeSession(decoder, cache: cache, adapters: adapters, weights: decodeBits, expecting: expecting)
    }

    /// Positions that a sequence may have.
    public var window: Int { configuration.maximumPositions }
}

extension LanguageModel {
    /// The files that decide what the model computes: weights, and in a folder its configuration and tokenizer.
    public var identityFiles: [URL] { Self.identityFiles(of: checkpoint, at: path) }

    /// The same for a model that is not loaded.
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

    /// A model's shape in a few words, without loading its weights.
    public static func describe(_ path: URL) throws -> String {
        let configuration = try LlamaConfiguration(of: CheckpointLoader.open(path), at: path)
        return "\(configuration.layerCount) layers of \(configuration.hiddenSize), "
            + "vocabulary \(configuration.vocabularySize), window \(configuration.maximumPositions)"
    }
}

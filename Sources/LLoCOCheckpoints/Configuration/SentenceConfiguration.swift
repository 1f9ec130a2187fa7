public import Foundation
import LLoCOBase

/// The sentence-transformers settings of an encoder: the steps from its hidden states to an embedding, and the prompts.
public struct SentenceConfiguration: Equatable, Sendable {
    /// The file with the maximum number of tokens.
    public static let fileName = "sentence_bert_config.json"
    /// The file with the pooling in a folder without `modules.json`.
    public static let poolingName = "1_Pooling/config.json"

    /// Maximum number of tokens of a text, special tokens included; longer texts are truncated. nil if no file has it.
    public var maximumTokens: Int?
    /// Whether `maximumTokens` is the tokenizer's limit, for lack of a model limit.
    package var usesTokenizerLimit = false
    /// The folder of the encoder and its tokenizer.
    package var encoder: URL?
    /// The pooling modes; their results are concatenated in this order.
    package var pooling: [Pooling] = [.mean]
    /// Size of the encoder's hidden states according to the pooling's configuration, if given.
    package var pooledSize: Int?
    /// Whether pooling includes the tokens of a prompt.
    package var poolsPrompt = true
    /// The steps after pooling, in order. The final vector is always scaled to length 1.
    package var steps: [Step] = []
    /// The prefixes of embedded texts; empty by default.
    package var prompts = Prompts()
    /// Whether texts are lower-cased before tokenization, in addition to the tokenizer's own normalization.
    package var lowercases = false

    /// The way in which the hidden states of a text's tokens become one vector.
    package enum Pooling: String, CaseIterable, Sendable {
        case cls
        case max
        case mean
        /// The sum of the states divided by the square root of their number.
        case meanOfRoot = "mean_sqrt_len_tokens"
        /// The mean with the weights 1, 2, 3, ...
        case weightedMean = "weightedmean"
        case lastToken = "lasttoken"

        /// The flag of this mode in a configuration with one flag per mode.
        var flag: String {
            switch self {
            case .lastToken: "pooling_mode_lasttoken"
            case .meanOfRoot: "pooling_mode_mean_sqrt_len_tokens"
            default: "pooling_mode_\(rawValue)_\(self == .cls ? "token" : "tokens")"
            }
        }
    }

    /// A step between pooling and the final vector.
    package enum Step: Equatable, Sendable {
        case dense(Dense)
        /// Scaling to length 1.
        case normalize
    }

    /// A dense layer: x -> activation(W x + b). `hasResidual` adds x, or R x if the sizes differ. The tensors are
    /// `linear.weight`, `linear.bias` and `residual.weight`.
    package struct Dense: Equatable, Sendable {
        package var folder: URL
        package var inputs: Int
        package var outputs: Int
        package var hasBias: Bool
        package var activation: Activation
        package var hasResidual: Bool

        package enum Activation: String, CaseIterable, Sendable {
            case identity = "Identity"
            case tanh = "Tanh"
            case relu = "ReLU"
            case gelu = "GELU"
            case sigmoid = "Sigmoid"
            case silu = "SiLU"
        }
    }

    /// The prefixes of embedded texts.
    package struct Prompts: Equatable, Sendable {
        package var question = ""
        package var passage = ""
    }

    /// Creates a configuration with mean pooling of the last layer, without prompts.
    ///
    /// - Parameter maximumTokens: maximum number of tokens of a text; nil if the model's files have none
    public init(maximumTokens: Int? = nil) {
        self.maximumTokens = maximumTokens
    }

    /// Reads the files of a folder: `modules.json` and the modules' own files, `sentence_bert_config.json`,
    /// `config_sentence_transformers.json`. The default is mean pooling.
    /// - Throws: `CheckpointError` if a file is malformed or requests unsupported computation.
    public init(folder: URL) throws {
        let root = Folder(folder)
        if let modules = root.file("modules.json") {
            try readModules(FileBytes(mapping: modules), in: root)
        } else {
            encoder = folder
            let pooling = folder.appendingPathComponent(Self.poolingName)
            if FileManager.default.fileExists(atPath: pooling.path) { try readPooling(FileBytes(mapping: pooling)) }
        }
        try readTransformer()
        try readPrompts(in: root)
        if maximumTokens == nil, root.file("modules.json") != nil {
            maximumTokens = try tokenizerLimit()
            usesTokenizerLimit = maximumTokens != nil
        }
    }
}

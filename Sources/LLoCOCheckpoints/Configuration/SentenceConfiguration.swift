public import Foundation
import LLoCOBase

/// What sentence-transformers sets beside an encoder: how its states become a text's vector, and what is put before texts.
public struct SentenceConfiguration: Equatable, Sendable {
    /// Where the longest text is said.
    public static let fileName = "sentence_bert_config.json"
    /// Where the pooling is said in a folder without `modules.json`.
    public static let poolingName = "1_Pooling/config.json"

    /// Tokens of a text that count, the special ones included; nil where nothing is said.
    public var maximumTokens: Int?
    /// Whether that is the tokenizer's limit, for want of one of its own.
    package var limitIsTokenizers = false
    /// The folder of encoder and tokenizer.
    package var encoder: URL?
    /// Joined in this order.
    package var pooling: [Pooling] = [.mean]
    /// Of the encoder's states, where the pooling says it.
    package var pooledSize: Int?
    /// Whether the tokens of a prompt count in the pooling.
    package var poolsPrompt = true
    /// What follows the pooling, in order. Whatever they say, the vector is scaled to length 1 in the end.
    package var steps: [Step] = []
    package var prompts = Prompts()
    /// Whether texts are lower-cased before the tokenizer, whatever that does.
    package var lowercases = false

    /// How the states of a text's tokens become one vector.
    package enum Pooling: String, CaseIterable, Sendable {
        case cls
        case max
        case mean
        /// Their sum over the root of their number
        case meanOfRoot = "mean_sqrt_len_tokens"
        /// The mean with the weights 1, 2, 3, ...
        case weightedMean = "weightedmean"
        case lastToken = "lasttoken"

        /// Its flag in a configuration that has one for each.
        var flag: String {
            switch self {
            case .lastToken: "pooling_mode_lasttoken"
            case .meanOfRoot: "pooling_mode_mean_sqrt_len_tokens"
            default: "pooling_mode_\(rawValue)_\(self == .cls ? "token" : "tokens")"
            }
        }
    }

    package enum Step: Equatable, Sendable {
        case dense(Dense)
        /// To length 1
        case normalize
    }

    /// x -> activation(W x + b), with a residual + x, or + R x where the sizes differ. Its tensors are `linear.weight`,
    /// `linear.bias` and `residual.weight`.
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

    /// What stands before each text.
    package struct Prompts: Equatable, Sendable {
        package var question = ""
        package var passage = ""
    }

    /// The mean of the last layer, without prompts.
    ///
    /// - Parameter maximumTokens: of a text; nil where the model's files name no maximum
    public init(maximumTokens: Int? = nil) {
        self.maximumTokens = maximumTokens
    }

    /// Reads what a folder says: `modules.json` and the modules' own files, `sentence_bert_config.json`,
    /// `config_sentence_transformers.json`. A folder without them has the mean for its pooling.
    /// - Throws: `CheckpointError` where a file is malformed, or says what is not computed here.
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
            limitIsTokenizers = maximumTokens != nil
        }
    }
}

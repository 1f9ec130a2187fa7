import Foundation
import LLoCOBase
public import LLoCOLibrary
public import LLoCOModels
public import LLoCOTokenizers

/// A loaded language model with its compressor, its general adapter and a retrieval model.
///
/// Each part is identified by the SHA-256 of its files. Stored results name the identities of the parts that made them
/// and are reused only with the same parts.
public struct LoadedModel: Sendable {
    /// The model that compresses, reads and answers.
    public let languageModel: LanguageModel
    /// The SHA-256 over the model's files.
    public let modelIdentity: String
    /// Compresses documents to vectors and defines how the model attends to them.
    public let compressor: Compressor
    private let compressorIdentity: String
    /// The adapter for groups without an adapter; nil if none was trained for this model's vectors.
    public private(set) var generalAdapter: GeneralAdapter?
    private let lazyEmbedder: OnDemand<any TextEmbedder>?
    private let template: TemplateChoice

    /// Combines loaded parts.
    ///
    /// - Parameters:
    ///   - modelIdentity: the SHA-256 over the model's files
    ///   - compressor: with its identity; for a folder, ``CompressorCheckpoint/identity(in:)``
    ///   - embedder: the retrieval model; nil for none: documents cannot be added or searched then
    ///   - template: the chat template
    public init(
        model: LanguageModel, modelIdentity: String, compressor: (compressor: Compressor, identity: String),
        embedder: (any TextEmbedder)?, template: TemplateChoice = .model
    ) {
        self.init(
            model: model, modelIdentity: modelIdentity, compressor: compressor,
            lazyEmbedder: embedder.map { embedder in OnDemand { embedder } }, template: template)
    }

    init(
        model: LanguageModel, modelIdentity: String, compressor: (compressor: Compressor, identity: String),
        lazyEmbedder: OnDemand<any TextEmbedder>?, template: TemplateChoice
    ) {
        self.languageModel = model
        self.modelIdentity = modelIdentity
        (self.compressor, compressorIdentity) = compressor
        self.lazyEmbedder = lazyEmbedder
        self.template = template
    }

    /// The chat template that prompts are written with.
    public enum TemplateChoice: Sendable {
        /// The template in the model's metadata; plain continuation if that has none
        case model
        /// This template
        case template(ChatTemplate)
        /// Plain continuation, without a template
        case plain
    }

    /// The prompt builder for this model's tokenizer and chat template.
    ///
    /// - Throws: `TokenizerError` if the model's chat template is not supported.
    public var prompts: PromptBuilder {
        get throws {
            let tokenizer = try languageModel.tokenizer
            switch template {
            case .template(let template): return PromptBuilder(template: template, tokenizer: tokenizer)
            case .plain: return PromptBuilder(template: nil, tokenizer: tokenizer)
            case .model: return try PromptBuilder(recognizing: tokenizer)
            }
        }
    }

    /// A copy with another general adapter; nil for none.
    public func with(_ adapter: GeneralAdapter?) -> LoadedModel {
        var model = self
        model.generalAdapter = adapter
        return model
    }

    /// The identity under which this model's vectors are stored.
    public var vectorIdentity: VectorIdentity {
        VectorIdentity(model: modelIdentity, compressor: compressorIdentity, variant: compressor.scheme.description)
    }

    /// The retrieval model, loaded at first use.
    ///
    /// - Throws: `EngineError` if there is none.
    public var embedder: any TextEmbedder {
        get throws {
            guard let lazyEmbedder else {
                throw EngineError(.notFound, "no retrieval model", hint: .loadEmbedder)
            }
            return try lazyEmbedder()
        }
    }
}

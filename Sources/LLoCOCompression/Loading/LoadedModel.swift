import Foundation
import LLoCOBase
public import LLoCOLibrary
public import LLoCOModels
public import LLoCOTokenizers

/// The loaded state that everything is computed with: a language model, its compressor, a retrieval model.
///
/// The parts are known by the SHA-256 of their files; whatever is stored names the identities that made it, and only
/// what fits is used again.
public struct LoadedModel: Sendable {
    /// What reads and answers.
    public let languageModel: LanguageModel
    /// The SHA-256 over the model's files.
    public let modelIdentity: String
    /// What makes documents' vectors, and says how they are read.
    public let compressor: Compressor
    private let compressorIdentity: String
    /// What reads vectors of groups that have no adapter of their own; nil where nothing was trained for that.
    public private(set) var generalAdapter: GeneralAdapter?
    private let lazyEmbedder: OnDemand<any TextEmbedder>?
    private let template: TemplateChoice

    /// Parts that are loaded already.
    ///
    /// - Parameters:
    ///   - modelIdentity: the SHA-256 over the model's files
    ///   - compressor: with what identifies it: of one in a folder ``CompressorCheckpoint/identity(in:)``
    ///   - embedder: the retrieval model; nil for none, without which nothing is added or searched
    ///   - template: how the model is spoken to
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

    /// How the model is spoken to.
    public enum TemplateChoice: Sendable {
        /// as its own metadata says; plain continuation where that says nothing
        case model
        case template(ChatTemplate)
        /// plain continuation
        case plain
    }

    /// How questions become ids for this model.
    /// - Throws: `TokenizerError` where the model's own chat template is of no known kind.
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

    /// The same engine with a general adapter.
    public func with(_ adapter: GeneralAdapter?) -> LoadedModel {
        var model = self
        model.generalAdapter = adapter
        return model
    }

    /// What vectors made by this engine are stored under.
    public var vectorIdentity: VectorIdentity {
        VectorIdentity(model: modelIdentity, compressor: compressorIdentity, variant: compressor.scheme.description)
    }

    /// - Throws: `EngineError` where no retrieval model was given.
    public var embedder: any TextEmbedder {
        get throws {
            guard let lazyEmbedder else {
                throw EngineError(.notFound, "no retrieval model", hint: .loadEmbedder)
            }
            return try lazyEmbedder()
        }
    }
}

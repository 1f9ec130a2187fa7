public import LLoCOLibrary
public import LLoCOModels

/// A sentence embedding model, identified by the digest of its files.
public struct LoadedEmbedder: TextEmbedder {
    public let identity: String
    private let embedder: SentenceEmbedder

    /// - Parameter verifying: hashes the files even if a digest is cached for them
    public init(_ embedder: SentenceEmbedder, verifying: Bool = false) throws {
        self.embedder = embedder
        identity = try embedder.identity(verifying: verifying)
    }

    public var dimension: Int { embedder.dimension }

    public func embed(_ texts: [String]) throws -> [[Float]] {
        try embedder.embed(texts)
    }

    public func embed(questions: [String]) throws -> [[Float]] {
        try embedder.embed(questions, as: .question)
    }

    public func tokenCount(of text: String) -> Int { embedder.tokenCount(of: text) }

    public func omittedTokens(of text: String) -> Int {
        embedder.omittedTokens(of: text)
    }

    public func omittedTokens(ofQuestion question: String) -> Int {
        embedder.omittedTokens(of: question, as: .question)
    }
}

import LLoCOBase
public import LLoCOLibrary
public import LLoCOModels
import Synchronization

/// A sentence embedding model under the digest of its files.
public struct LoadedEmbedder: TextEmbedder {
    public let identity: String
    private let embedder: SentenceEmbedder

    /// - Parameter verifying: reads its files for the digest, even where that of unchanged files is known
    public init(_ embedder: SentenceEmbedder, verifying: Bool = false) throws {
        self.embedder = embedder
        identity = try FileIdentity.digest(of: embedder.identityFiles, verifying: verifying)
    }

    public var dimension: Int { embedder.dimension }

    public func embed(_ texts: [String]) throws -> [[Float]] {
        try embedder.embed(texts)
    }

    public func omittedTokens(of text: String) -> Int {
        embedder.omittedTokens(of: text)
    }
}

/// An embedder that is loaded when it is first asked for: what reads no passages needs none.
final class LazyEmbedder: Sendable {
    private let load: @Sendable () throws -> any TextEmbedder
    private let loaded = Mutex<(any TextEmbedder)?>(nil)

    init(_ load: @escaping @Sendable () throws -> any TextEmbedder) {
        self.load = load
    }

    /// The embedder; loaded once, whoever asks for it first.
    func embedder() throws -> any TextEmbedder {
        try loaded.withLock { loaded in
            if let loaded { return loaded }
            let made = try load()
            loaded = made
            return made
        }
    }
}

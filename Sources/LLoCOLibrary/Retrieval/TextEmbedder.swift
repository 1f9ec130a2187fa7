/// A sentence encoder. The dot product of its unit vectors is the similarity of the texts.
public protocol TextEmbedder: Sendable {
    /// The SHA-256 of everything that determines the embeddings. Embeddings of different encoders are never compared.
    var identity: String { get }
    /// The length of an embedding.
    var dimension: Int { get }
    /// Embeds passages: one unit vector of `dimension` values for each, in order.
    func embed(_ texts: [String]) throws -> [[Float]]
    /// Embeds questions, which some encoders prefix with another prompt; as passages by default.
    func embed(questions: [String]) throws -> [[Float]]
    /// The number of tokens of a passage that are encoded; 0 by default.
    func tokenCount(of text: String) -> Int
    /// The number of tokens at a passage's end that ``embed(_:)`` truncates; 0 by default.
    func omittedTokens(of text: String) -> Int
    /// The number of tokens at a question's end that ``embed(questions:)`` truncates; as for a passage by default.
    func omittedTokens(ofQuestion question: String) -> Int
}

extension TextEmbedder {
    /// Embeds questions as passages.
    public func embed(questions: [String]) throws -> [[Float]] { try embed(questions) }
    /// 0: not counted.
    public func tokenCount(of text: String) -> Int { 0 }
    /// 0: nothing is truncated.
    public func omittedTokens(of text: String) -> Int { 0 }
    /// The number of truncated tokens of the question as a passage.
    public func omittedTokens(ofQuestion question: String) -> Int { omittedTokens(of: question) }
}

/// An encoder that turns texts into unit vectors whose dot product is their similarity.
public protocol TextEmbedder: Sendable {
    /// The digest of what decides its vectors: embeddings of different encoders are never compared.
    var identity: String { get }
    /// The length of its vectors.
    var dimension: Int { get }
    /// A unit vector of `dimension` values for each passage, in order.
    func embed(_ texts: [String]) throws -> [[Float]]
    /// The same for questions, which some encoders read otherwise; as passages unless told.
    func embed(questions: [String]) throws -> [[Float]]
    /// How many tokens of a passage are read; 0 unless told.
    func tokenCount(of text: String) -> Int
    /// How many tokens at a passage's end ``embed(_:)`` leaves out; 0 unless told.
    func omittedTokens(of text: String) -> Int
    /// How many tokens at a question's end ``embed(questions:)`` leaves out; as many as of a passage unless told.
    func omittedTokens(ofQuestion question: String) -> Int
}

extension TextEmbedder {
    public func embed(questions: [String]) throws -> [[Float]] { try embed(questions) }
    public func tokenCount(of text: String) -> Int { 0 }
    public func omittedTokens(of text: String) -> Int { 0 }
    public func omittedTokens(ofQuestion question: String) -> Int { omittedTokens(of: question) }
}

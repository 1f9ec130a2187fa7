/// An encoder that turns texts into unit vectors whose dot product is their similarity.
public protocol TextEmbedder: Sendable {
    /// The digest of the encoder's files: embeddings of different encoders are never compared.
    var identity: String { get }
    /// The length of its vectors.
    var dimension: Int { get }
    /// A unit vector of `dimension` values for each text, in order.
    func embed(_ texts: [String]) throws -> [[Float]]
    /// How many tokens at a text's end ``embed(_:)`` leaves out; 0 unless told.
    func omittedTokens(of text: String) -> Int
}

extension TextEmbedder {
    public func omittedTokens(of text: String) -> Int { 0 }
}

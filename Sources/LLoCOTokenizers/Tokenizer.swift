/// A tokenizer: converts text to a model's token ids, and ids to text.
///
/// A tokenizer is immutable and may be used concurrently. Encoding adds no tokens: if ``addsBeginningOfText`` is true,
/// the caller prepends ``beginningOfText``.
///
/// ```swift
/// let tokenizer = try TokenizerLoader.load(folder: modelFolder)
/// let ids = tokenizer.encode("How do I appeal?", special: .asText)
/// let text = tokenizer.decode(ids, skippingSpecial: true)
/// ```
public protocol Tokenizer: Sendable {
    /// The largest id plus one: every id from ``encode(_:special:)`` is in `0..<vocabularySize`.
    var vocabularySize: Int { get }

    /// Encodes `text` without added tokens.
    ///
    /// - Parameter special: whether the names of special tokens in the text become those tokens.
    func encode(_ text: String, special: SpecialTokens) -> [Int]

    /// Encodes a rendered conversation. Only the format's own markers become special tokens; message contents are plain
    /// text, but are encoded together with the adjacent text.
    func encode(_ segments: [ChatSegment]) -> [Int]

    /// Encodes `text`, with the UTF-8 range of `text` that each token covers.
    ///
    /// Ranges are ordered and do not overlap, except that several tokens from one normalized character share its range.
    /// A token may begin or end inside a character (byte-level vocabularies). A token without text (a dummy prefix
    /// space) has an empty range.
    func encodeWithOffsets(_ text: String, special: SpecialTokens) -> [EncodedToken]

    /// Decodes `ids`. Bytes that are not UTF-8 become U+FFFD; ids outside the vocabulary are skipped.
    ///
    /// - Parameter skippingSpecial: whether special tokens are skipped instead of spelled out.
    func decode(_ ids: [Int], skippingSpecial: Bool) -> String

    /// The bytes that a token adds to decoded text. They may be part of a character; empty for an id outside the
    /// vocabulary.
    func bytes(of id: Int) -> [UInt8]

    /// The id of a token by its spelling in the vocabulary (`Ġthe`, `▁the`, `##ing`, `<|im_end|>`); nil if it is
    /// missing.
    func id(of token: String) -> Int?

    /// Whether the token is a special token: a marker of the format, not text.
    func isSpecial(_ id: Int) -> Bool

    /// The BOS token (or `[CLS]`).
    var beginningOfText: Int? { get }

    /// The EOS token (or `[SEP]`).
    var endOfText: Int? { get }

    /// The tokens at which generation stops: ``endOfText`` and the markers that end a turn, such as `<|im_end|>`.
    var endTokens: Set<Int> { get }

    /// Whether the model was trained with ``beginningOfText`` before every text.
    var addsBeginningOfText: Bool { get }

    /// The model's own Jinja chat template; see ``ChatTemplate/init(recognizing:tokenizer:)``.
    var chatTemplate: String? { get }

    /// Whether decoding drops one leading space, which encoding has added (SentencePiece).
    var dropsLeadingSpace: Bool { get }
}

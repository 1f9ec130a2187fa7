/// Turns text into the ids a model was trained on, and ids back into text.
///
/// A tokenizer is immutable and may be used from many tasks at once. Encoding adds nothing of its own: whether a
/// beginning-of-text token belongs in front is in ``addsBeginningOfText``, and the caller puts it there.
///
/// ```swift
/// let tokenizer = try TokenizerLoader.load(folder: modelFolder)
/// let ids = tokenizer.encode("How do I appeal?", special: .asText)
/// let text = tokenizer.decode(ids, skippingSpecial: true)
/// ```
public protocol Tokenizer: Sendable {
    /// One more than the largest id: every id from ``encode(_:special:)`` is in `0..<vocabularySize`.
    var vocabularySize: Int { get }

    /// The ids of `text`, with nothing added in front or behind.
    ///
    /// - Parameter special: whether the names of special tokens in the text become those tokens.
    func encode(_ text: String, special: SpecialTokens) -> [Int]

    /// The ids of a rendered conversation, in which only the format's own markers become special tokens: contents are
    /// text, whatever they hold, but are encoded in one with what surrounds them.
    func encode(_ segments: [ChatSegment]) -> [Int]

    /// The ids of `text`, each with the UTF-8 bytes of `text` that it stands for.
    ///
    /// Ranges are in order and do not overlap, but where one character became several tokens by normalization, these
    /// share it. A token may begin or end inside a character (byte-level vocabularies), and a token that stands for
    /// nothing in the text (a dummy prefix space) has an empty range.
    func encodeWithOffsets(_ text: String, special: SpecialTokens) -> [EncodedToken]

    /// The text of `ids`. Bytes that are not UTF-8 become U+FFFD; ids outside the vocabulary are skipped.
    ///
    /// - Parameter skippingSpecial: whether special tokens are left out instead of spelled.
    func decode(_ ids: [Int], skippingSpecial: Bool) -> String

    /// The bytes that a token adds to the text, which need not be whole characters; none for an id outside the
    /// vocabulary.
    func bytes(of id: Int) -> [UInt8]

    /// The id of a token spelled as in the vocabulary (`Ġthe`, `▁the`, `##ing`, `<|im_end|>`).
    func id(of token: String) -> Int?

    /// Whether the token is a marker of the format, not text.
    func isSpecial(_ id: Int) -> Bool

    /// The token put in front of a text (BOS, or `[CLS]`).
    var beginningOfText: Int? { get }

    /// The token that ends a text (EOS, or `[SEP]`).
    var endOfText: Int? { get }

    /// The tokens at which generation stops: ``endOfText`` and the markers that end a turn, such as `<|im_end|>`.
    var endTokens: Set<Int> { get }

    /// Whether the model was trained with ``beginningOfText`` in front of every text.
    var addsBeginningOfText: Bool { get }

    /// The model's own chat template, in Jinja, which the folder `Chat` recognizes.
    var chatTemplate: String? { get }

    /// Whether decoding drops one space in front of the text, which encoding had put there (SentencePiece).
    var dropsLeadingSpace: Bool { get }
}

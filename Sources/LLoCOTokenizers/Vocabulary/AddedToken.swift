/// A token that is found in the text before the model's algorithm sees it.
struct AddedToken: Sendable, Hashable {
    var id: Int
    var text: String

    /// A marker of the format: parsed only from trusted text, left out of decoded text.
    var isSpecial: Bool

    /// The match takes the whitespace before it.
    var stripsLeft = false

    /// The match takes the whitespace after it.
    var stripsRight = false

    /// The match must not touch a word character on either side.
    var isSingleWord = false
}

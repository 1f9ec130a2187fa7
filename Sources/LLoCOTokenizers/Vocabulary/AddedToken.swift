/// A token that is matched in the text before the model's algorithm runs.
struct AddedToken: Sendable, Hashable {
    var id: Int
    var text: String

    /// Whether the token is a marker of the format, which is parsed only in trusted text and skipped in decoded text.
    var isSpecial: Bool

    /// Whether a match includes the white space before it.
    var stripsLeft = false

    /// Whether a match includes the white space after it.
    var stripsRight = false

    /// Whether a match must not be adjacent to a word character.
    var isSingleWord = false
}

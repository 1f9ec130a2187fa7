/// The treatment of the names of special tokens (`<|im_start|>`, `</s>`) in encoded text.
public enum SpecialTokens: Sendable {
    /// The names become special tokens. Use it for trusted text, such as a rendered chat template.
    case parsed

    /// The names are plain text. Use it for documents and other untrusted text, so that a document cannot end a turn.
    case asText
}

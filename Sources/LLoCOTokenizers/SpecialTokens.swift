/// What becomes of the names of special tokens (`<|im_start|>`, `</s>`) in a text that is encoded.
public enum SpecialTokens: Sendable {
    /// They become the special tokens: for prompts that the program wrote, such as a rendered chat template.
    case parsed

    /// They are text like any other: for documents and whatever else comes from outside, so that a document cannot end
    /// a turn.
    case asText
}

/// The form of a prompt for a question.
public enum PromptForm: Hashable, Sendable {
    /// A chat turn in the model's own template. A model without a template continues `Question: ... Answer:`.
    case chat
    /// Plain text to continue, without a template: `opening`, the context, and directly after it the question.
    ///
    /// The answer continues the examples or the code in the context.
    case continuation(opening: String)
}

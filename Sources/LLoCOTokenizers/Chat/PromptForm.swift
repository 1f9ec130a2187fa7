/// How a question is put to a model.
public enum PromptForm: Hashable, Sendable {
    /// As a turn of a chat, in the model's own template; a model without one continues `Question: ... Answer:`.
    case chat
    /// As text to go on with, without a template: `opening`, the text to answer from, and the question right behind it.
    ///
    /// What examples or code in the text have begun goes on in the answer.
    case continuation(opening: String)
}

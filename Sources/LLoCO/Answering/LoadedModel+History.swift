public import LLoCOCompression
import LLoCOModels
public import LLoCOTokenizers

extension LoadedModel {
    /// The latest turns of a conversation that leave half of the model's window to documents, question and answer.
    ///
    /// - Parameter history: a question and its answer by turns, the earliest first
    /// - Throws: `TokenizerError` where the model's own chat template is of no known kind.
    public func recentHistory(_ history: [ChatMessage], before question: String) throws -> [ChatMessage] {
        var kept = history[...]
        while !kept.isEmpty,
            try prompts.prompt(question: question, history: Array(kept)).count > languageModel.window / 2
        {
            kept = kept.dropFirst(2)
        }
        return Array(kept)
    }
}

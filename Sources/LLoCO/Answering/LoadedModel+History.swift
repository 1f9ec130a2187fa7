public import LLoCOCompression
import LLoCOModels
public import LLoCOTokenizers

extension LoadedModel {
    /// The latest turns of a conversation that leave half of the model's window to documents, question and answer.
    ///
    /// - Parameter history: a question and its answer by turns, the earliest first; what the system says before them stays
    /// - Throws: `TokenizerError` where the model's own chat template is of no known kind.
    public func recentHistory(_ history: [ChatMessage], before question: String) throws -> [ChatMessage] {
        let system = Array(history.prefix { $0.role == .system })
        let turns = history.dropFirst(system.count)
        let room = languageModel.window / 2
        // Each turn is read once, the latest first: how many come in question at all.
        var (start, used) = (turns.endIndex, 0)
        while start > turns.startIndex {
            let next = max(turns.startIndex, start - 2)
            for message in turns[next..<start] where used <= room {
                // A token has no 64 bytes on average.
                used += message.content.utf8.count > 64 * room ? room + 1 : try prompts.text(message.content).count
            }
            guard used <= room else { break }
            start = next
        }
        var kept = turns[start...]
        while !kept.isEmpty, try prompts.prompt(question: question, history: Array(system + kept)).count > room {
            kept = kept.dropFirst(2)
        }
        return Array(system + kept)
    }
}

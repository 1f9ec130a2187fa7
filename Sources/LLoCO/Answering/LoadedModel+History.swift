public import LLoCOCompression
import LLoCOModels
public import LLoCOTokenizers

extension LoadedModel {
    /// The latest turns of a conversation that fit half of the context window together with the question.
    ///
    /// - Parameter history: alternating questions and answers, earliest first; leading system messages are always kept
    /// - Throws: `TokenizerError` if the model's chat template is unknown.
    public func recentHistory(_ history: [ChatMessage], before question: String) throws -> [ChatMessage] {
        let system = Array(history.prefix { $0.role == .system })
        let turns = history.dropFirst(system.count)
        guard !turns.isEmpty else { return system }
        let room = languageModel.window / 2
        func count(_ turns: [ChatMessage]) throws -> Int {
            try prompts.prompt(question: question, history: system + turns).count
        }
        let fixed = try count([])
        guard fixed < room else { return system }
        // Bounds the number of turns: each turn is tokenized once, latest first, and counts with its template's tokens.
        let marks = max(0, try count([ChatMessage(.user, ""), ChatMessage(.assistant, "")]) - fixed)
        var (start, used) = (turns.endIndex, fixed)
        while start > turns.startIndex {
            let next = max(turns.startIndex, start - 2)
            used += marks
            for message in turns[next..<start] where used <= room {
                // A token has fewer than 64 bytes on average.
                used += message.content.utf8.count > 64 * room ? room + 1 : try prompts.text(message.content).count
            }
            guard used <= room else { break }
            start = next
        }
        var kept = turns[start...]
        while !kept.isEmpty, try count(Array(kept)) > room { kept = kept.dropFirst(2) }
        return Array(system + kept)
    }
}

import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// Prompts under a position budget: mode `hybrid`, and `compressed` and `retrieval` with a budget.
extension Answerer {
    /// The prompt with vectors and excerpts in mode `hybrid`, with vectors in `compressed`, with excerpts in
    /// `retrieval`.
    func budgetedPrompt(_ question: String, _ sources: Sources, _ options: Options) async throws -> Prompt {
        let prompts = try model.prompts
        let decoder = model.languageModel.decoder
        let empty = try prompts.prompt(question: question, context: [0], history: options.history, form: options.form)
            .count
        let room = room(beside: empty + 1, options)
        let requested =
            (options.budget ?? .usual).positions(for: sources.documents.reduce(0) { $0 + $1.tokenCount })
        let share: Double? =
            switch options.mode {
            case .hybrid: options.textShare
            case .retrieval: 1.0
            default: 0.0
            }
        let budget = ContextBudget(positions: requested, textShare: share)
            .fitting(.init(places: room, reading: model.compressor.vectorReading))
        let mixture = try await mixer.mix(
            options.searchText ?? question, about: sources.documents, passages: sources.passages, budget,
            withVectors: options.mode.readsVectors)
        let ids = try prompts.prompt(
            question: question, context: mixture.text, history: options.history, form: options.form)
        var prompt = Prompt(embeddings: try decoder.embed(ids))
        prompt.contextTokens = mixture.vectorCount + mixture.text.count
        prompt.passages = mixture.excerpts
        prompt.omissions = mixture.omissions
        prompt.documents = zip(sources.documents, mixture.rows).filter { document, rows in
            !rows.isEmpty || mixture.excerpts.contains { $0.document == document.id }
        }.map(\.0)
        if requested > room {
            let names = sources.documents.map { "'\($0.name)'" }.joined(separator: ", ")
            prompt.omissions.append(
                "of a budget of \(requested) positions for \(names), \(max(0, room)) fit the window beside the "
                    + "question")
        }
        guard options.mode.readsVectors else { return prompt }
        var parts: [SegmentVectors] = []
        for (document, rows) in zip(sources.documents, mixture.rows) where !rows.isEmpty {
            let vectors = try await vectors(of: document, options)
            parts.append(try vectors.selected(rows).to(decoder.dtype, device: decoder.device))
        }
        try await prepend(parts, to: &prompt, options)
        return prompt
    }
}

import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// The prompt of each mode.
extension Answerer {
    /// A prompt with its context, ready for prefill.
    struct Prompt {
        /// The input embeddings `[1, T, D]` that follow `context`.
        var embeddings: Tensor
        /// The documents' vectors, if they are keys and values.
        var context: KeyValueCache?
        /// The token ids `[T]` of a text prompt that the prompt cache may share; nil for other prompts.
        var ids: [Int]?
        var adapters = ActiveAdapters.none
        var documents: [DocumentRecord] = []
        var passages: [RetrievedPassage] = []
        /// The positions that stand for documents.
        var contextTokens = 0
        /// The tokens of the documents' text that mode `full` truncated.
        var cutTokens = 0
        var omissions: [String] = []

        /// The number of vectors and text tokens.
        var length: Int { embeddings.size(1) + (context == nil ? 0 : contextTokens) }
        /// The number of positions in the context window.
        var positions: Int { embeddings.size(1) + (context?.count ?? 0) }

        /// The embeddings after the reused beginning.
        func embeddings(after reused: PromptCache.Reused?) throws -> Tensor {
            guard let reused else { return embeddings }
            return try embeddings.narrowed(1, start: reused.tokens, length: embeddings.size(1) - reused.tokens)
        }
    }

    /// The token ids of the question without a context.
    ///
    /// - Throws: `ModelError` if the question does not fit the window.
    func plainPrompt(_ question: String, _ options: Options) throws -> [Int] {
        let plain = try model.prompts.prompt(question: question, history: options.history, form: options.form)
        guard plain.count < model.languageModel.window else {
            throw ModelError(
                .doesNotFit,
                "the question has \(plain.count) tokens with its template, the model's window holds "
                    + "\(model.languageModel.window) with the answer")
        }
        return plain
    }

    /// The prompt for a question about documents.
    ///
    /// - Parameter plain: the token ids of the question without a context
    func prompt(_ question: String, _ plain: [Int], _ options: Options, _ sources: Sources) async throws -> Prompt {
        var prompt = try await documentPrompt(question, plain, options, sources)
        if options.usesAdapter, let given = options.adapter, !options.mode.readsVectors {
            prompt.adapters = ActiveAdapters([given.reader])
            // The adapter changes keys and values, so the cached prompts do not apply.
            prompt.ids = nil
        }
        return prompt
    }

    private func documentPrompt(
        _ question: String, _ plain: [Int], _ options: Options, _ sources: Sources
    ) async throws -> Prompt {
        var prompt: Prompt
        switch options.mode {
        case .none:
            return Prompt(embeddings: try model.languageModel.decoder.embed(plain))
        case .full:
            prompt = try await fullPrompt(question, sources, options)
        case .compressed where options.budget == nil:
            prompt = try await compressedPrompt(plain, sources, options)
        case .retrieval where options.budget == nil:
            prompt = try await retrievalPrompt(question, sources, options)
        case .compressed, .retrieval, .hybrid:
            prompt = try await budgetedPrompt(question, sources, options)
        }
        // An answer without a context would look like one from the documents.
        guard prompt.contextTokens > 0 else {
            throw ModelError(
                .doesNotFit,
                "no part of the documents fits beside the question: \(prompt.omissions.joined(separator: "; "))")
        }
        if prompt.passages.isEmpty {
            let read = Set(prompt.documents.map(\.id))
            prompt.passages = Array(
                sources.passages.filter { read.contains($0.document) }.prefix(options.maximumPassages))
        }
        return prompt
    }

    /// The positions for documents beside a prompt of `count` tokens. The answer's tokens, up to a quarter of the free
    /// positions, are reserved.
    func room(beside count: Int, _ options: Options) -> Int {
        let free = model.languageModel.window - count - 1
        return free - min(max(1, options.generation.maximumTokens), max(0, free / 4))
    }

    private func compressedPrompt(_ plain: [Int], _ sources: Sources, _ options: Options) async throws -> Prompt {
        let decoder = model.languageModel.decoder
        let compressor = model.compressor
        let room = room(beside: plain.count + compressor.vectorReading.leadingPositions, options)
        var parts: [SegmentVectors] = []
        var prompt = Prompt(embeddings: try decoder.embed(plain))
        for document in sources.documents {
            let vectors = try await vectors(of: document, options)
            let count = vectors.count
            guard compressor.vectorReading.positions(of: prompt.contextTokens + count) <= room else {
                prompt.omissions.append(
                    "document '\(document.name)' was left out: its \(count) vectors do not fit the window")
                continue
            }
            parts.append(try vectors.to(decoder.dtype, device: decoder.device))
            prompt.documents.append(document)
            prompt.contextTokens += count
        }
        try await prepend(parts, to: &prompt, options)
        return prompt
    }

    /// Prepends vectors to a prompt and activates the adapter that reads them.
    func prepend(_ vectors: [SegmentVectors], to prompt: inout Prompt, _ options: Options) async throws {
        let compressor = model.compressor
        var active = try compressor.readingAdapters.list
        if options.usesAdapter, let given = options.adapter {
            active.append(given.reader)
        } else if options.usesAdapter, let group = prompt.documents.first?.group,
            let own = try await adapter(of: group)?.adapter ?? model.generalAdapter?.reader
        {
            active.append(own)
        }
        prompt.adapters = ActiveAdapters(active)
        guard !vectors.isEmpty else { return }
        let embeddings = prompt.embeddings
        (prompt.embeddings, prompt.context) = try withoutGradients {
            try compressor.reading(.concatenated(vectors), before: embeddings)
        }
    }

    private func fullPrompt(_ question: String, _ sources: Sources, _ options: Options) async throws -> Prompt {
        let prompts = try model.prompts
        let empty = try prompts.prompt(question: question, context: [0], history: options.history, form: options.form)
            .count
        var room = FullText.room(room(beside: empty, options), window: model.languageModel.window)
        var context: [Int] = []
        var omissions: [String] = []
        var read: [DocumentRecord] = []
        var cutTokens = 0
        for document in sources.documents {
            guard room > 0 else {
                cutTokens += document.tokenCount
                omissions.append("document '\(document.name)' was left out: the window is full")
                continue
            }
            let ids = prompts.text(try await library.text(of: document.id))
            let kept = FullText.kept(ids, room: room)
            if kept.count < ids.count {
                omissions.append(
                    "document '\(document.name)' was truncated in the middle: \(kept.count) of its \(ids.count) tokens "
                        + "fit")
            }
            context += kept
            cutTokens += ids.count - kept.count
            room -= kept.count
            read.append(document)
        }
        let prompt = try prompts.prompt(
            question: question, context: context, history: options.history, form: options.form)
        return Prompt(
            embeddings: try model.languageModel.decoder.embed(prompt), ids: prompt, documents: read,
            contextTokens: context.count, cutTokens: cutTokens, omissions: omissions)
    }

    private func retrievalPrompt(_ question: String, _ sources: Sources, _ options: Options) async throws -> Prompt {
        let prompts = try model.prompts
        let empty = try prompts.prompt(question: question, context: [0], history: options.history, form: options.form)
            .count
        let room = room(beside: empty, options)
        var context: [Int] = []
        var omissions: [String] = []
        var read: [RetrievedPassage] = []
        for passage in sources.passages.prefix(options.maximumPassages) {
            let ids = prompts.text((context.isEmpty ? "" : "\n\n") + passage.text)
            guard context.count + ids.count <= room else {
                omissions.append("a passage of '\(passage.documentName)' was left out: the window is full")
                continue
            }
            context += ids
            read.append(passage)
        }
        var documents: [Int64] = []
        for passage in read where !documents.contains(passage.document) { documents.append(passage.document) }
        let prompt = try prompts.prompt(
            question: question, context: context, history: options.history, form: options.form)
        var records: [DocumentRecord] = []
        for id in documents {
            if let record = try await library.document(id: id) { records.append(record) }
        }
        return Prompt(
            embeddings: try model.languageModel.decoder.embed(prompt), documents: records, passages: read,
            contextTokens: context.count, omissions: omissions)
    }
}

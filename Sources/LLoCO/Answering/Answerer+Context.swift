import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import LLoCOModels
import LLoCOTokenizers
import LLoCOTorch

/// What the model reads before it answers.
extension Answerer {
    struct Prompt {
        /// [1, T, D], after whatever `context` holds
        var embeddings: Tensor
        /// Documents' vectors that are keys and values already
        var context: KeyValueCache?
        /// [T], of a prompt of text alone that other questions may share the beginning of
        var ids: [Int]?
        var adapters = ActiveAdapters.none
        var documents: [DocumentRecord] = []
        var passages: [RetrievedPassage] = []
        var contextTokens = 0
        /// of the documents' text, left out in mode `full`
        var cutTokens = 0
        var omissions: [String] = []

        /// Positions that stand for documents or hold text.
        var length: Int { embeddings.size(1) + (context == nil ? 0 : contextTokens) }
        /// All of the window that is used.
        var positions: Int { embeddings.size(1) + (context?.count ?? 0) }

        /// The embeddings behind what need not be read again.
        func unread(_ reused: PromptCache.Reused?) throws -> Tensor {
            guard let reused else { return embeddings }
            return try embeddings.narrowed(1, start: reused.tokens, length: embeddings.size(1) - reused.tokens)
        }
    }

    /// The ids of the question without a context; what does not fit the window is refused before anything is searched.
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

    func build(_ question: String, _ plain: [Int], _ options: Options, _ found: Found) async throws -> Prompt {
        var prompt = try await documentPrompt(question, plain, options, found)
        if options.usesAdapter, let given = options.adapter, !options.mode.readsVectors {
            prompt.adapters = ActiveAdapters([given.reader])
            // What others read of the same text has other keys and values.
            prompt.ids = nil
        }
        return prompt
    }

    private func documentPrompt(
        _ question: String, _ plain: [Int], _ options: Options, _ found: Found
    ) async throws -> Prompt {
        var prompt: Prompt
        switch options.mode {
        case .none:
            return Prompt(embeddings: try model.languageModel.decoder.embed(plain))
        case .full:
            prompt = try await full(question, found, options)
        case .compressed where options.budget == nil:
            prompt = try await compressed(plain, found, options)
        case .retrieval where options.budget == nil:
            prompt = try await retrieval(question, found, options)
        case .compressed, .retrieval, .hybrid:
            prompt = try await mixed(question, found, options)
        }
        // An answer from nothing would pass for one from the documents.
        guard prompt.contextTokens > 0 else {
            throw ModelError(
                .doesNotFit,
                "nothing of the documents fits beside the question: \(prompt.omissions.joined(separator: "; "))")
        }
        if prompt.passages.isEmpty {
            let read = Set(prompt.documents.map(\.id))
            prompt.passages = Array(
                found.passages.filter { read.contains($0.document) }.prefix(options.maximumPassages))
        }
        return prompt
    }

    /// Positions left for documents beside a prompt of `count`, with room for the answer: a quarter of them at most.
    func room(beside count: Int, _ options: Options) -> Int {
        let free = model.languageModel.window - count - 1
        return free - min(max(1, options.generation.maximumTokens), max(0, free / 4))
    }

    private func compressed(_ plain: [Int], _ found: Found, _ options: Options) async throws -> Prompt {
        let decoder = model.languageModel.decoder
        let compressor = model.compressor
        let room = room(beside: plain.count + compressor.vectorReading.leadingPositions, options)
        var parts: [SegmentVectors] = []
        var prompt = Prompt(embeddings: try decoder.embed(plain))
        for document in found.documents {
            let vectors = try await vectors(of: document, options)
            let count = vectors.count
            guard compressor.vectorReading.positions(of: prompt.contextTokens + count) <= room else {
                prompt.omissions.append(
                    "document '\(document.name)' was left out: its \(count) vectors do not fit the window any more")
                continue
            }
            parts.append(try vectors.to(decoder.dtype, device: decoder.device))
            prompt.documents.append(document)
            prompt.contextTokens += count
        }
        try await read(parts, before: &prompt, options)
        return prompt
    }

    /// Puts vectors before a prompt, with the adapter that reads them.
    func read(_ vectors: [SegmentVectors], before prompt: inout Prompt, _ options: Options) async throws {
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

    private func full(_ question: String, _ found: Found, _ options: Options) async throws -> Prompt {
        let prompts = try model.prompts
        let empty = try prompts.prompt(question: question, context: [0], history: options.history, form: options.form)
            .count
        var room = FullText.room(room(beside: empty, options), window: model.languageModel.window)
        var context: [Int] = []
        var omissions: [String] = []
        var read: [DocumentRecord] = []
        var cut = 0
        for document in found.documents {
            guard room > 0 else {
                cut += document.tokenCount
                omissions.append("document '\(document.name)' was left out: the window is full")
                continue
            }
            let ids = prompts.text(try await library.text(of: document.id))
            let kept = FullText.kept(ids, room: room)
            if kept.count < ids.count {
                omissions.append(
                    "document '\(document.name)' was cut in the middle: \(kept.count) of its \(ids.count) tokens fit")
            }
            context += kept
            cut += ids.count - kept.count
            room -= kept.count
            read.append(document)
        }
        let prompt = try prompts.prompt(
            question: question, context: context, history: options.history, form: options.form)
        return Prompt(
            embeddings: try model.languageModel.decoder.embed(prompt), ids: prompt, documents: read,
            contextTokens: context.count, cutTokens: cut, omissions: omissions)
    }

    private func retrieval(_ question: String, _ found: Found, _ options: Options) async throws -> Prompt {
        let prompts = try model.prompts
        let empty = try prompts.prompt(question: question, context: [0], history: options.history, form: options.form)
            .count
        let room = room(beside: empty, options)
        var context: [Int] = []
        var omissions: [String] = []
        var read: [RetrievedPassage] = []
        for passage in found.passages.prefix(options.maximumPassages) {
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

import Logging
import Models
import Torch

/// What the model reads before it answers.
extension Answerer {
    /// The documents and passages that a question is answered from.
    struct Found {
        var documents: [DocumentRecord] = []
        var passages: [RetrievedPassage] = []
        var omissions: [String] = []
    }

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

    func find(_ question: String, _ options: Options) throws -> Found {
        var named = try options.documents?.map { try library.document(named: $0) }
        // A document that is named twice is read once.
        var seen: Set<Int64> = []
        named = named?.filter { seen.insert($0.id).inserted }
        if let group = options.group {
            guard try library.groups().contains(group) else {
                throw EngineError("no group '\(group)' in the library: 'lloco list' shows the groups there are")
            }
            if let other = named?.first(where: { $0.group != group }) {
                throw EngineError("document '\(other.name)' is in group '\(other.group)', not in '\(group)'")
            }
        }
        if options.mode.readsVectors, options.usesAdapter, let named,
            let other = named.first(where: { $0.group != named[0].group })
        {
            // One adapter reads them all.
            throw EngineError(
                "document '\(other.name)' is in group '\(other.group)', '\(named[0].name)' in '\(named[0].group)': ask about "
                    + "documents of one group, or without their adapters (--no-adapter)")
        }
        if options.mode == .none { return Found() }
        var found = Found()
        let result: RetrievalResult
        if let named {
            // Enough that there are passages of each document, whichever of them will fit the window.
            let limit = max(0, options.maximumPassages).multipliedReportingOverflow(by: named.count)
            result = try search(
                question, in: .documents(seen), limit: limit.overflow ? .max : limit.partialValue)
            found.documents = named
        } else {
            let scope = options.group.map { LibraryScope.group($0) } ?? .all
            result = try search(question, in: scope, limit: max(options.maximumPassages, 20))
            // One adapter reads them all, so they are of the best document's group.
            let ranked = try result.documents.compactMap { try library.document(id: $0.id) }
            found.documents = Array(ranked.filter { $0.group == ranked[0].group }.prefix(options.maximumDocuments))
        }
        found.passages = result.passages
        let unembedded = result.unembedded
        if unembedded > 0 {
            found.omissions.append(
                "\(unembedded) passages are unknown to this retrieval model, only their words were searched: "
                    + "add their documents again with it")
        }
        if result.isCut {
            found.omissions.append(
                "the question is longer than a search takes: documents and passages were looked for by a part of it")
        }
        guard !found.documents.isEmpty else {
            throw EngineError(
                unembedded > 0
                    ? "nothing was found: \(found.omissions[0])"
                    : "no document to answer from: add some with 'lloco add PATH --group G'")
        }
        return found
    }

    /// The ids of the question without a context; what does not fit the window is refused before anything is searched.
    func plainPrompt(_ question: String, _ options: Options) throws -> [Int] {
        let plain = try engine.prompts.prompt(question: question, history: options.history)
        guard plain.count < engine.model.window else {
            throw ModelError(
                "the question has \(plain.count) tokens with its template, the model's window holds "
                    + "\(engine.model.window) with the answer")
        }
        return plain
    }

    func build(_ question: String, _ plain: [Int], _ options: Options, _ found: Found) throws -> Prompt {
        var prompt: Prompt
        switch options.mode {
        case .none:
            return Prompt(embeddings: try engine.model.decoder.embed(plain))
        case .full:
            prompt = try full(question, found, options)
        case .compressed where options.budget == nil:
            prompt = try compressed(plain, found, options)
        case .retrieval where options.budget == nil:
            prompt = try retrieval(question, found, options)
        case .compressed, .retrieval, .hybrid:
            prompt = try mixed(question, found, options)
        }
        // An answer from nothing would pass for one from the documents.
        guard prompt.contextTokens > 0 else {
            throw ModelError(
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
    private func room(beside count: Int, _ options: Options) -> Int {
        let free = engine.model.window - count - 1
        return free - min(max(1, options.generation.maximumTokens), max(0, free / 4))
    }

    private func compressed(_ plain: [Int], _ found: Found, _ options: Options) throws -> Prompt {
        let decoder = engine.model.decoder
        let identity = engine.vectorIdentity
        let compressor = engine.compressor
        // Keys and values are read after one token more.
        let room = room(beside: plain.count + (compressor.scheme.form == .keysAndValues ? 1 : 0), options)
        var parts: [Tensor] = []
        var prompt = Prompt(embeddings: try decoder.embed(plain))
        for document in found.documents {
            let vectors = try library.storedVectors(of: document.id, identity: identity)
            let count = vectors.size(0)
            guard prompt.contextTokens + count <= room else {
                prompt.omissions.append(
                    "document '\(document.name)' was left out: its \(count) vectors do not fit the window any more")
                continue
            }
            parts.append(try vectors.to(decoder.dtype, device: decoder.device))
            prompt.documents.append(document)
            prompt.contextTokens += count
        }
        try read(parts, before: &prompt, options)
        return prompt
    }

    /// Puts vectors [n, vectorSize] before a prompt, with the adapter that reads them.
    private func read(_ vectors: [Tensor], before prompt: inout Prompt, _ options: Options) throws {
        let compressor = engine.compressor
        var active = compressor.readingAdapters.list
        if options.usesAdapter, let group = prompt.documents.first?.group,
            let own = try adapter(of: group) ?? engine.generalAdapter?.reader
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

    /// Vectors and pieces of text under a budget: in mode `hybrid` both, else the one or the other.
    private func mixed(_ question: String, _ found: Found, _ options: Options) throws -> Prompt {
        let prompts = try engine.prompts
        let decoder = engine.model.decoder
        let empty = try prompts.prompt(question: question, context: [0], history: options.history).count
        let room = room(beside: empty + 1, options)
        let asked =
            (options.budget ?? .usual).positions(for: found.documents.reduce(0) { $0 + $1.tokenCount })
        let share =
            switch options.mode {
            case .hybrid: options.textShare
            case .retrieval: 1.0
            default: 0.0
            }
        let mixture = try mixer.mix(
            question, about: found.documents, passages: found.passages,
            ContextBudget(positions: min(asked, room), textShare: share), withVectors: options.mode.readsVectors)
        let ids = try prompts.prompt(question: question, context: mixture.text, history: options.history)
        var prompt = Prompt(embeddings: try decoder.embed(ids))
        prompt.contextTokens = mixture.vectorCount + mixture.text.count
        prompt.passages = mixture.excerpts
        prompt.omissions = mixture.omissions
        prompt.documents = zip(found.documents, mixture.rows).filter { document, rows in
            !rows.isEmpty || mixture.excerpts.contains { $0.document == document.id }
        }.map(\.0)
        if asked > room {
            prompt.omissions.append(
                "of a budget of \(asked) positions for \(found.documents.map { "'\($0.name)'" }.joined(separator: ", ")) "
                    + "\(max(0, room)) fit the window beside the question")
        }
        guard options.mode.readsVectors else { return prompt }
        var parts: [Tensor] = []
        for (document, rows) in zip(found.documents, mixture.rows) where !rows.isEmpty {
            let vectors = try library.storedVectors(of: document.id, identity: engine.vectorIdentity)
            parts.append(try vectors.rows(rows).to(decoder.dtype, device: decoder.device))
        }
        try read(parts, before: &prompt, options)
        return prompt
    }

    private func full(_ question: String, _ found: Found, _ options: Options) throws -> Prompt {
        let prompts = try engine.prompts
        let empty = try prompts.prompt(question: question, context: [0], history: options.history).count
        // In whole steps, so that a long document is cut alike for questions of about the same length.
        var room = room(beside: empty, options)
        room -= room % max(1, engine.model.window / 32)
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
            let ids = prompts.text(try library.text(of: document.id))
            // The literature's cut: head and tail are kept, the middle is dropped.
            let kept = ids.count <= room ? ids : Array(ids.prefix(room / 2) + ids.suffix(room - room / 2))
            if kept.count < ids.count {
                omissions.append(
                    "document '\(document.name)' was cut in the middle: \(kept.count) of its \(ids.count) tokens fit")
            }
            context += kept
            cut += ids.count - kept.count
            room -= kept.count
            read.append(document)
        }
        let prompt = try prompts.prompt(question: question, context: context, history: options.history)
        return Prompt(
            embeddings: try engine.model.decoder.embed(prompt), ids: prompt, documents: read,
            contextTokens: context.count, cutTokens: cut, omissions: omissions)
    }

    private func retrieval(_ question: String, _ found: Found, _ options: Options) throws -> Prompt {
        let prompts = try engine.prompts
        let empty = try prompts.prompt(question: question, context: [0], history: options.history).count
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
        let prompt = try prompts.prompt(question: question, context: context, history: options.history)
        return Prompt(
            embeddings: try engine.model.decoder.embed(prompt),
            documents: try documents.compactMap { try library.document(id: $0) }, passages: read,
            contextTokens: context.count, omissions: omissions)
    }
}

extension Tensor {
    /// The rows in some ranges, in their order.
    func rows(_ ranges: [Range<Int>]) throws -> Tensor {
        try .concatenated(ranges.map { try narrowed(0, start: $0.lowerBound, length: $0.count) })
    }
}

extension Logger {
    /// What retrieval remarks on is said in the answer instead.
    static var quiet: Logger {
        var logger = Logger(label: "lloco.retriever")
        logger.logLevel = .error
        return logger
    }
}

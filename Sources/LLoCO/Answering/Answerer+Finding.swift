import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import Logging

/// Which documents and passages a question is answered from.
extension Answerer {
    struct Found {
        var documents: [DocumentRecord] = []
        var passages: [RetrievedPassage] = []
        var omissions: [String] = []
    }

    func find(_ question: String, _ options: Options) async throws -> Found {
        var named: [DocumentRecord]? = options.documents == nil ? nil : []
        // A document that is named twice is read once.
        var seen: Set<Int64> = []
        for name in options.documents ?? [] {
            let document = try await library.document(named: name)
            if seen.insert(document.id).inserted { named?.append(document) }
        }
        if let group = options.group {
            guard try await library.groups().contains(group) else {
                throw EngineError(.notFound, "no group '\(group)' in the library", hint: .listGroups)
            }
            if let other = named?.first(where: { $0.group != group }) {
                throw EngineError(.invalid, "document '\(other.name)' is in group '\(other.group)', not in '\(group)'")
            }
        }
        if options.mode.readsVectors, options.usesAdapter, options.adapter == nil, let named,
            let other = named.first(where: { $0.group != named[0].group })
        {
            // One adapter reads them all.
            throw EngineError(
                .invalid,
                "document '\(other.name)' is in group '\(other.group)', '\(named[0].name)' in '\(named[0].group)': one "
                    + "adapter reads all documents of a question", hint: .askWithoutAdapters)
        }
        if options.mode == .none { return Found() }
        var found = Found()
        if let named, !options.namesPassages, !options.mode.readsPassages, options.budget == nil {
            found.documents = named
            return found
        }
        let result: RetrievalResult
        if let named {
            // Enough that there are passages of each document, whichever of them will fit the window.
            let limit = max(0, options.maximumPassages).multipliedReportingOverflow(by: named.count)
            result = try await search(
                question, in: .documents(seen), limit: limit.overflow ? .max : limit.partialValue)
            found.documents = named
        } else {
            let scope = options.group.map { LibraryScope.group($0) } ?? .all
            result = try await search(question, in: scope, limit: max(options.maximumPassages, 20))
            // One adapter reads them all, so they are of the best document's group.
            for ranked in result.documents where found.documents.count < options.maximumDocuments {
                guard let document = try await library.document(id: ranked.id) else { continue }
                if found.documents.first.map({ $0.group == document.group }) ?? true {
                    found.documents.append(document)
                }
            }
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
                .notFound,
                unembedded > 0
                    ? "nothing was found: \(found.omissions[0])"
                    : "no document to answer from",
                hint: unembedded > 0 ? nil : .addDocuments(group: nil))
        }
        return found
    }

    func search(_ question: String, in scope: LibraryScope, limit: Int) async throws -> RetrievalResult {
        try await retriever().search(question, in: scope, limit: limit)
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

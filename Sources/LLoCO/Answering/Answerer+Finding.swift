import LLoCOBase
import LLoCOCompression
import LLoCOLibrary
import Logging

/// The search for the documents and passages that answer a question.
extension Answerer {
    /// The documents and passages for a question.
    struct Sources {
        var documents: [DocumentRecord] = []
        var passages: [RetrievedPassage] = []
        var omissions: [String] = []
    }

    /// Finds the requested documents, or those that retrieval ranks best, with their passages.
    func findSources(_ question: String, _ options: Options) async throws -> Sources {
        var named: [DocumentRecord]? = options.documents == nil ? nil : []
        // Drops documents that are named twice.
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
            // One adapter reads all documents of a question.
            throw EngineError(
                .invalid,
                "document '\(other.name)' is in group '\(other.group)', '\(named[0].name)' in '\(named[0].group)': one "
                    + "adapter reads all documents of a question", hint: .askWithoutAdapters)
        }
        if options.mode == .none { return Sources() }
        var sources = Sources()
        if let named, !options.namesPassages, !options.mode.readsPassages, options.budget == nil {
            sources.documents = named
            return sources
        }
        let result: RetrievalResult
        if let named {
            // Enough for passages of each document, whichever documents fit the window.
            let limit = max(0, options.maximumPassages).multipliedReportingOverflow(by: named.count)
            result = try await search(
                question, in: .documents(seen), limit: limit.overflow ? .max : limit.partialValue)
            sources.documents = named
        } else {
            let scope = options.group.map { LibraryScope.group($0) } ?? .all
            result = try await search(question, in: scope, limit: max(options.maximumPassages, 20))
            // One adapter reads all documents, so all are of the best document's group.
            for ranked in result.documents where sources.documents.count < options.maximumDocuments {
                guard let document = try await library.document(id: ranked.id) else { continue }
                if sources.documents.first.map({ $0.group == document.group }) ?? true {
                    sources.documents.append(document)
                }
            }
        }
        sources.passages = result.passages
        let unembedded = result.unembedded
        if unembedded > 0 {
            sources.omissions.append(
                "\(unembedded) passages have no embedding by this retrieval model, only the keyword search finds them: "
                    + "add their documents again")
        }
        if result.isTruncated {
            sources.omissions.append("the question is too long for the search: only a part of it was searched for")
        }
        guard !sources.documents.isEmpty else {
            throw EngineError(
                .notFound,
                unembedded > 0
                    ? "nothing was found: \(sources.omissions[0])"
                    : "no document to answer from",
                hint: unembedded > 0 ? nil : .addDocuments(group: nil))
        }
        return sources
    }

    /// Searches the library with this answerer's retriever.
    func search(_ question: String, in scope: LibraryScope, limit: Int) async throws -> RetrievalResult {
        try await retriever().search(question, in: scope, limit: limit)
    }
}

extension Logger {
    /// A logger for the retriever that logs errors only: its other remarks are among an answer's omissions.
    static var quiet: Logger {
        var logger = Logger(label: "lloco.retriever")
        logger.logLevel = .error
        return logger
    }
}

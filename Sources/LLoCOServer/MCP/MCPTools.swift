import Foundation
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary

/// The tools of ``MCPServer``: `ask`, `search`, `list`, `add`.
struct MCPTools: Sendable {
    let library: DocumentLibrary
    /// Folders with files that may be added
    let folders: [URL]
    let openForWriting: @Sendable () async throws -> DocumentLibrary

    private var store: any LibraryStore { library.store }
    /// Maximum size of a text argument in bytes
    private static let maximumBytes = 4 << 20
    private static let maximumDocuments = ServerConfiguration().maximumDocuments

    /// The result of a tool call.
    struct Result: Encodable, Sendable {
        struct Text: Encodable, Sendable {
            let type = "text"
            let text: String
        }
        let content: [Text]
        let isError: Bool

        init(_ text: String) { (content, isError) = ([Text(text: text)], false) }
        init(error: String) { (content, isError) = ([Text(text: error)], true) }
    }

    func call(_ name: String, _ arguments: RequestFields?) async throws -> Result {
        let arguments = try arguments ?? RequestFields(Array("{}".utf8))
        switch name {
        case "ask": return try await ask(arguments)
        case "search": return try await search(arguments)
        case "list": return try await list(arguments)
        case "add": return try await add(arguments)
        default: throw RPCError(code: -32602, message: "unknown tool \(name.printable(limit: 60))")
        }
    }

    // MARK: Tools

    private func ask(_ arguments: RequestFields) async throws -> Result {
        try arguments.check(known: ["question", "group", "documents", "mode", "max_tokens"])
        let question = try text(arguments, "question")
        var options = Answerer.Options()
        options.group = try await group(arguments)
        if arguments.has("documents"), let group = options.group {
            options.documents = try await store.documents(
                try arguments.strings("documents"), of: group, maximum: Self.maximumDocuments
            ).map(\.name)
        }
        if let name = try arguments.string("mode") {
            guard let mode = AnswerMode(rawValue: name) else {
                throw APIError.invalid("mode: expected \(AnswerMode.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            options.mode = mode
        }
        if let limit = try arguments.integer("max_tokens", in: 1...library.engine.model.languageModel.window) {
            options.generation.maximumTokens = limit
        }
        let stream = library.ask(question, in: options.group, options: options)
        let answer = try await withTaskCancellationHandler {
            try await stream.result
        } onCancel: {
            stream.cancel()
        }
        let places = answer.passages.map { "\($0.document) [\($0.start)–\($0.end)]" }
        return Result(
            answer.answer + (places.isEmpty ? "" : "\n\nPassages: " + places.joined(separator: ", "))
                + answer.omissions.map { "\n" + $0 }.joined())
    }

    private func search(_ arguments: RequestFields) async throws -> Result {
        try arguments.check(known: ["query", "group", "limit"])
        let query = try text(arguments, "query")
        guard let group = try await group(arguments) else {
            throw APIError.invalid("group is missing; expected the name of a group")
        }
        let found = try await library.search(
            query, in: group, limit: try arguments.integer("limit", in: 1...50) ?? 8)
        return Result(
            found.passages.map { "\($0.documentName) [\($0.start)–\($0.end)]\n\($0.text)" }.joined(separator: "\n\n"))
    }

    private func list(_ arguments: RequestFields) async throws -> Result {
        try arguments.check(known: ["group"])
        let scope = try arguments.string("group") == nil ? nil : try await group(arguments)
        let documents = try await store.documents(in: scope.map { .group($0) } ?? .all)
        guard !documents.isEmpty else { return Result("There are no documents yet.") }
        return Result(
            documents.map { document in
                "\(document.group): \(document.name), \(document.tokenCount) tokens"
                    + (document.isComplete ? "" : ", not finished")
            }.joined(separator: "\n"))
    }

    private func add(_ arguments: RequestFields) async throws -> Result {
        try arguments.check(known: ["group", "path", "name", "text"])
        guard let group = try arguments.string("group"), !group.isEmpty, group.utf8.count <= 200 else {
            throw APIError.invalid("group: expected a name of 1 to 200 bytes")
        }
        let added: [AddedDocument]
        if let path = try arguments.string("path") {
            let file = try allowedFile(path)
            let writer = try await openForWriting()
            added = try await writer.add(contentsOf: [file.path], to: group)
        } else {
            let (name, text) = (try Uploads.safeName(text(arguments, "name")), try text(arguments, "text"))
            let writer = try await openForWriting()
            added = [try await writer.add(text: text, path: name, group: group)]
        }
        return Result(
            added.map { "\($0.document.name): \($0.tokens) tokens as \($0.vectors) vectors" }.joined(separator: "\n"))
    }

    // MARK: Arguments

    private func text(_ arguments: RequestFields, _ key: String) throws -> String {
        guard let text = try arguments.string(key), !text.isEmpty else {
            throw APIError.invalid("\(key) is missing; expected a text")
        }
        guard text.utf8.count <= Self.maximumBytes else {
            throw APIError.invalid("\(key) has more than \(Self.maximumBytes) bytes")
        }
        return text
    }

    /// The requested group, or the only one. Returns nil if none is requested and the library has none or several.
    private func group(_ arguments: RequestFields) async throws -> String? {
        if let name = try arguments.string("group") { return try await store.group(named: name, for: .all) }
        let groups = try await store.groups()
        return groups.count == 1 ? groups[0] : nil
    }

    /// The file at a path, with symbolic links resolved.
    ///
    /// - Throws: ``APIError`` if the file is outside the allowed folders.
    private func allowedFile(_ path: String) throws -> URL {
        guard !folders.isEmpty else {
            throw APIError.invalid("path: this server has no folder to add files from; give name and text instead")
        }
        let file = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath()
        let isInside = folders.contains { folder in
            let root = folder.standardizedFileURL.resolvingSymlinksInPath().path
            return file.path == root || file.path.hasPrefix(root.hasSuffix("/") ? root : root + "/")
        }
        guard isInside else {
            throw APIError.invalid("\(path.printable(limit: 200)) is in no folder that this server may add files from")
        }
        return file
    }

    // MARK: Descriptions

    struct Description: Encodable, Sendable {
        struct Schema: Encodable, Sendable {
            struct Property: Encodable, Sendable {
                let type: String
                let description: String
                var items: [String: String]?
            }
            let type = "object"
            let properties: [String: Property]
            let required: [String]
        }
        let name: String
        let description: String
        let inputSchema: Schema
    }

    private static func text(_ description: String) -> Description.Schema.Property {
        .init(type: "string", description: description)
    }

    static let descriptions = [
        Description(
            name: "ask", description: "Answer a question from the user's documents, with the passages it rests on.",
            inputSchema: .init(
                properties: [
                    "question": text("The question, in full."),
                    "group": text("The group of documents to ask, as `list` names it; without, the best one."),
                    "documents": .init(
                        type: "array", description: "Only these documents of the group.", items: ["type": "string"]),
                    "mode": text("What is read: hybrid (the default), compressed, retrieval, full or none."),
                    "max_tokens": .init(type: "integer", description: "Maximum number of tokens of the answer."),
                ], required: ["question"])),
        Description(
            name: "search", description: "Find passages of the user's documents, word for word.",
            inputSchema: .init(
                properties: [
                    "query": text("What to look for."), "group": text("The group of documents, as `list` names it."),
                    "limit": .init(type: "integer", description: "Maximum number of passages, 8 by default."),
                ], required: ["query"])),
        Description(
            name: "list", description: "List the user's documents by group.",
            inputSchema: .init(properties: ["group": text("Only this group's.")], required: [])),
        Description(
            name: "add", description: "Learn a document: a text, or a file in a folder that the user has opened.",
            inputSchema: .init(
                properties: [
                    "group": text("The group that the document belongs to."), "path": text("A file's path."),
                    "name": text("A text's name, in place of path."), "text": text("The text."),
                ], required: ["group"])),
    ]
}

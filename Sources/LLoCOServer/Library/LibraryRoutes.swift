import Foundation
import HTTPTypes
import Hummingbird
import LLoCO
import LLoCOBase
import LLoCOCompression
import LLoCODocuments
import LLoCOLibrary
import NIOCore

/// The routes under `/lloco/v1` for status, groups, documents and search.
struct LibraryRoutes: Sendable {
    let library: DocumentLibrary
    let model: String
    let configuration: ServerConfiguration
    /// nil if the server does not change its library
    let jobs: JobQueue?

    private var store: any LibraryStore { library.store }

    func add(to router: RouterGroup<ServerContext>) {
        router.get("status") { _, context in try status(context.access) }
        router.get("groups") { _, context in
            let names = try await store.groups().filter(context.access.sees)
            return try await Response.json(["groups": groups(names, in: .all)])
        }
        router.get("groups/:group") { _, context in try await Response.json(group(context)) }
        router.delete("groups/:group") { _, context in
            try context.access.require(.write)
            let name = try await store.group(named: context.plainParameter("group"), for: context.access)
            return try await change { try $0.removeGroup(name) }
        }
        router.get("documents") { request, context in
            try await Response.json(["documents": documents(request, context.access)])
        }
        router.get("documents/:document") { _, context in
            let document = try await document(context)
            return try await Response.json(views([document], in: .document(document.id))[0])
        }
        router.delete("documents/:document") { _, context in
            try context.access.require(.write)
            let id = try await document(context).id
            return try await change { try $0.removeDocument(id) }
        }
        router.get("documents/:document/text") { request, context in
            try await text(of: document(context), request)
        }
        router.get("documents/:document/questions") { _, context in
            try await Response.json(["questions": questions(about: document(context))])
        }
        router.post("search") { request, context in try await search(request, context.access) }
    }

    // MARK: Contents

    private struct Status: Encodable {
        let version: String
        let model: String
        let window: Int
        let defaultMode: String
        let modes: [String]
        let scope: String
        let jobs: Bool
        let maximumUploadBytes: Int
    }

    /// The modes in the order of the page
    private static let modes: [AnswerMode] = [.hybrid, .compressed, .retrieval, .full, .none]

    private func status(_ access: Access) throws -> Response {
        try .json(
            Status(
                version: Release.version, model: model, window: library.engine.model.languageModel.window,
                defaultMode: AnswerMode.default.rawValue, modes: Self.modes.map(\.rawValue),
                scope: access.scope.rawValue, jobs: jobs != nil,
                maximumUploadBytes: configuration.maximumUploadBytes))
    }

    /// The groups with these names.
    ///
    /// - Parameter scope: a scope with all documents of the groups
    private func groups(_ names: [String], in scope: LibraryScope) async throws -> [GroupView] {
        let adapters = Dictionary(
            grouping: try await store.adapters(of: nil, identity: library.engine.model.vectorIdentity), by: \.group)
        let documents = Dictionary(grouping: try await views(store.documents(in: scope), in: scope), by: \.group)
        return names.map { name in
            let (ofGroup, adapter) = (documents[name] ?? [], adapters[name]?.first)
            return GroupView(
                name: name, documents: ofGroup.count, tokens: ofGroup.reduce(0) { $0 + $1.tokens },
                vectors: ofGroup.reduce(0) { $0 + $1.vectors },
                adapter: adapter.map {
                    .init(id: $0.digest, created: $0.created.formatted(.iso8601), bytes: $0.byteCount)
                },
                readsWith: adapter != nil ? .own : library.engine.model.generalAdapter != nil ? .general : .none)
        }
    }

    private func group(_ context: ServerContext) async throws -> GroupView {
        let name = try await store.group(named: context.plainParameter("group"), for: context.access)
        return try await groups([name], in: .group(name))[0]
    }

    private func documents(_ request: Request, _ access: Access) async throws -> [DocumentView] {
        guard let group = request.uri.queryParameters["group"].map(String.init) else {
            let all = try await store.documents(in: .all).filter { access.sees($0.group) }
            return try await views(all, in: .all)
        }
        let name = try await store.group(named: group, for: access)
        return try await views(store.documents(in: .group(name)), in: .group(name))
    }

    private func document(_ context: ServerContext) async throws -> DocumentRecord {
        let name = try context.plainParameter("document")
        guard let id = Int64(name), let document = try await store.document(id: id),
            context.access.sees(document.group)
        else {
            throw APIError.notFound(
                "document \"\(name.printable(limit: 40))\" not found", code: "document_not_found")
        }
        return document
    }

    private func views(_ documents: [DocumentRecord], in scope: LibraryScope) async throws -> [DocumentView] {
        let identity = library.engine.model.vectorIdentity
        let current = try await store.compressions(in: scope).filter { $0.identity == identity }
        let compressions = Dictionary(current.map { ($0.document, $0) }) { _, last in last }
        return documents.map { document in
            let compression = compressions[document.id]
            return DocumentView(
                document, vectors: compression?.vectorCount ?? 0, isComplete: compression?.isComplete ?? false)
        }
    }

    private func questions(about document: DocumentRecord) async throws -> [QuestionView] {
        guard let identity = try await store.studies(of: document.id).last else { return [] }
        return try await store.study(of: document.id, by: identity).flatMap { studied in
            studied.items.map { item in
                QuestionView(
                    start: studied.passage.bytes.lowerBound, end: studied.passage.bytes.upperBound,
                    kind: item.kind.rawValue, question: item.question, answer: item.answer,
                    rejection: item.rejection?.rawValue)
            }
        }
    }

    // MARK: Text

    /// A document's text, or the bytes of the header field `Range`.
    private func text(of document: DocumentRecord, _ request: Request) async throws -> Response {
        let bytes = Array(try await store.text(of: document.id).utf8)
        var headers: HTTPFields = [
            .contentType: "text/plain; charset=utf-8", .acceptRanges: "bytes", .eTag: "\"\(document.digest)\"",
        ]
        // Other units and several ranges are ignored, as RFC 9110, 14.2 allows.
        guard let requested = request.headers[.range].flatMap(ByteRange.init) else {
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        guard let range = requested.range(in: bytes.count) else {
            throw APIError(
                status: .rangeNotSatisfiable,
                message: "\"Range\": expected bytes=FIRST-LAST within the text's \(bytes.count) bytes",
                type: "invalid_request_error", parameter: "range")
        }
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)"
        return Response(
            status: .partialContent, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes[range])))
    }

    // MARK: Searching

    private func search(_ request: Request, _ access: Access) async throws -> Response {
        var request = request
        let fields = try await request.fields(upTo: configuration.maximumBodyBytes)
        try fields.check(known: ["query", "group", "documents", "limit"])
        guard let query = try fields.string("query"), !query.isEmpty else {
            throw APIError.invalid("\"query\" is missing; expected a text", parameter: "query")
        }
        guard let named = try fields.string("group") else {
            throw APIError.invalid("\"group\" is missing; expected a group's name", parameter: "group")
        }
        let limit = try fields.integer("limit", in: 1...100) ?? 8
        let group = try await store.group(named: named, for: access)
        var documents: Set<Int64>?
        if fields.has("documents") {
            documents = Set(
                try await store.documents(
                    try fields.strings("documents"), of: group, maximum: configuration.maximumDocuments
                ).map(\.id))
        }
        let found = try await library.search(query, in: group, documents: documents, limit: limit)
        return try .json(["passages": found.passages.map(PassageView.init)])
    }

    // MARK: Changing

    /// Changes the library.
    ///
    /// - Throws: ``APIError`` with status 409 if another process is writing.
    private func change(_ body: @escaping @Sendable (SQLiteLibrary) throws -> Void) async throws -> Response {
        guard let path = (store as? SQLiteLibrary)?.path, jobs != nil else {
            throw APIError(
                status: .forbidden, message: "this server is read-only", type: "invalid_request_error")
        }
        do {
            try await library.engine.filesThread.run {
                try body(SQLiteLibrary.open(path, for: .writing, lockTimeout: .seconds(1)))
            }
        } catch let error as LibraryError where error.errorCode == .busy {
            throw APIError.conflict("the library is being written; retry when the current job is done")
        }
        return Response(status: .noContent)
    }
}

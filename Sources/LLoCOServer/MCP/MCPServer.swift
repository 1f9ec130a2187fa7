public import Foundation
public import LLoCO
import LLoCOBase
import Synchronization

/// A server of the Model Context Protocol with tools for a library's documents: JSON-RPC 2.0, one message per line.
///
///     await MCPServer(library, openForWriting: { ... }).run(lines) { print($0) }
///
/// Requests run concurrently and are answered when they finish. A cancelled request stops within one decoding step.
public final class MCPServer: Sendable {
    private let tools: MCPTools
    /// The tasks of unanswered requests
    private let running = Mutex<[RPCID: Task<Void, Never>]>([:])
    private static let maximumRequests = 64

    /// Supported versions of the protocol, newest first
    private static let versions = ["2025-06-18", "2025-03-26", "2024-11-05"]
    /// Maximum size of a message in bytes
    public static let maximumBytes = 8 << 20

    /// Creates a server for a library.
    ///
    /// - Parameters:
    ///   - folders: folders with files that may be added; if empty, only texts may
    ///   - openForWriting: opens the library to add a document
    public init(
        _ library: DocumentLibrary, folders: [URL] = [],
        openForWriting: @escaping @Sendable () async throws -> DocumentLibrary
    ) {
        tools = MCPTools(library: library, folders: folders, openForWriting: openForWriting)
    }

    /// Answers messages until `lines` ends, then finishes the running requests.
    ///
    /// - Parameter write: called with each answer, one line without a line end; calls never overlap
    public func run(_ lines: AsyncStream<[UInt8]>, write: @escaping @Sendable (Data) -> Void) async {
        await withDiscardingTaskGroup { group in
            for await line in lines {
                guard let request = read(line, write) else { continue }
                group.addTask { await self.answer(request, write) }
            }
        }
    }

    // MARK: Messages

    private struct Request: Sendable {
        let id: RPCID
        let method: String
        let parameters: RequestFields?
    }

    /// Parses a request. Returns nil for a message without an answer, or with one already written.
    private func read(_ line: [UInt8], _ write: @Sendable (Data) -> Void) -> Request? {
        guard line.count <= Self.maximumBytes, let fields = try? JSONFields(line: line),
            fields.optional("jsonrpc")?.string == "2.0"
        else {
            respond(nil, .failure(RPCError(code: -32700, message: "expected one JSON-RPC 2.0 message per line")), write)
            return nil
        }
        // A response, although this server sends no requests
        guard let method = fields.optional("method")?.string else { return nil }
        let parameters = fields.has("params") ? (try? fields.fields("params")).map { RequestFields($0) } : nil
        guard let id = fields.optional("id").flatMap(RPCID.init) else {
            if method == "notifications/cancelled", let id = parameters?.value("requestId").flatMap(RPCID.init) {
                running.withLock { $0[id] }?.cancel()
            }
            return nil
        }
        return Request(id: id, method: method, parameters: parameters)
    }

    private func answer(_ request: Request, _ write: @escaping @Sendable (Data) -> Void) async {
        let task = Task {
            do {
                let result = try await result(of: request)
                try Task.checkCancellation()
                respond(request.id, .success(result), write)
            } catch is CancellationError {
                // A cancelled request gets no answer.
            } catch let error as RPCError { respond(request.id, .failure(error), write) } catch {
                respond(request.id, .failure(RPCError(code: -32603, message: "\(APIError(of: error).message)")), write)
            }
        }
        let isTaken = running.withLock { running in
            guard running.count < Self.maximumRequests, running[request.id] == nil else { return false }
            running[request.id] = task
            return true
        }
        if !isTaken {
            task.cancel()
            respond(request.id, .failure(RPCError(code: -32000, message: "too many concurrent requests")), write)
        }
        await task.value
        if isTaken { running.withLock { $0[request.id] = nil } }
    }

    private func result(of request: Request) async throws -> any Encodable & Sendable {
        switch request.method {
        case "initialize":
            let requested = try request.parameters?.string("protocolVersion") ?? ""
            return Initialized(
                protocolVersion: Self.versions.contains(requested) ? requested : Self.versions[0],
                serverInfo: .init(version: Release.version))
        case "ping": return Empty()
        case "tools/list": return ["tools": MCPTools.descriptions]
        case "tools/call":
            guard let parameters = request.parameters, let name = try parameters.string("name") else {
                throw RPCError(code: -32602, message: "name is missing; expected the name of a tool")
            }
            let arguments = try parameters.object("arguments") ?? .none
            do { return try await tools.call(name, arguments) } catch let error as APIError {
                // A result, not a protocol error: the model can correct its call.
                return MCPTools.Result(error: error.message)
            }
        default: throw RPCError(code: -32601, message: "unknown method \(request.method.printable(limit: 60))")
        }
    }

    private struct Initialized: Encodable, Sendable {
        struct Info: Encodable {
            let name = "lloco"
            let version: String
        }
        struct Capabilities: Encodable {
            let tools = Empty()
        }
        let protocolVersion: String
        let capabilities = Capabilities()
        let serverInfo: Info
        let instructions = """
            Answers questions from the user's long documents, which are stored as vectors. Ask with `ask`; find exact \
            passages with `search`; see what there is with `list`.
            """
    }

    struct Empty: Encodable, Sendable {}

    // MARK: Answers

    private struct Response: Encodable {
        let jsonrpc = "2.0"
        let id: RPCID?
        let outcome: Result<any Encodable & Sendable, RPCError>

        private enum CodingKeys: String, CodingKey { case jsonrpc, id, result, error }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(jsonrpc, forKey: .jsonrpc)
            try container.encode(id, forKey: .id)
            switch outcome {
            case .success(let result): try container.encode(result, forKey: .result)
            case .failure(let error): try container.encode(error, forKey: .error)
            }
        }
    }

    private let output = Mutex(())

    private func respond(
        _ id: RPCID?, _ outcome: Result<any Encodable & Sendable, RPCError>, _ write: @Sendable (Data) -> Void
    ) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(Response(id: id, outcome: outcome)) else { return }
        output.withLock { _ in write(line) }
    }
}

/// A request's id: a string or an integer.
enum RPCID: Hashable, Encodable, Sendable {
    case text(String)
    case number(Int)

    init?(_ value: JSONValue) {
        if let text = value.string, text.utf8.count <= 200 {
            self = .text(text)
        } else if let number = value.integer {
            self = .number(number)
        } else {
            return nil
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        }
    }
}

/// A JSON-RPC error.
struct RPCError: Error, Encodable {
    let code: Int
    let message: String
}

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import LLoCO
public import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// An HTTP server that answers from a library's groups: OpenAI's API, Ollama's API, documents and jobs.
///
///     let server = Server(library, model: "qwen2.5-coder-0.5b")
///     try await server.run { print("listening on \($0)") }
public struct Server: Sendable {
    /// The library that answers come from
    public let library: DocumentLibrary
    /// The base model's name
    public let model: String
    /// The address and the limits
    public let configuration: ServerConfiguration
    private let logger: Logger
    private let start = Date()
    private let running = RunningServices()
    private let jobs: (queue: JobQueue, uploads: Uploads)?

    /// Creates a server; ``run(onReady:)`` starts it.
    ///
    /// - Parameter model: the base model's name in the API
    public init(
        _ library: DocumentLibrary, model: String, configuration: ServerConfiguration = .init(),
        logger: Logger = Logger(label: "lloco.server")
    ) {
        self.library = library
        self.model = model
        self.configuration = configuration
        self.logger = logger
        jobs = configuration.jobs.map { jobs in
            let folder = JobFolder(root: jobs.folder)
            let queue = JobQueue(folder: folder, executable: jobs.executable, options: jobs.options, logger: logger)
            return (queue, Uploads(folder: folder.uploads, maximumBytes: configuration.maximumUploadBytes))
        }
    }

    /// Serves requests until ``stop()``. Answers in progress then have ``ServerConfiguration/drainSeconds`` to finish.
    ///
    /// - Parameter onReady: called once when the server listens, with its address: `http://127.0.0.1:8321` or a
    ///   socket's path
    /// - Throws: an error if the server cannot listen on the address.
    public func run(onReady: @escaping @Sendable (String) -> Void = { _ in }) async throws {
        let address: BindAddress =
            switch configuration.address {
            case .host(let host, let port): .hostname(host, port: port)
            case .socket(let path): .unixDomainSocket(path: path)
            }
        let application = Application(
            router: router(),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [SlowClientHandler(configuration.clientTimeouts)],
                    idleTimeout: .milliseconds(Int64(configuration.idleSeconds * 1000)))),
            configuration: .init(
                address: address, serverName: "lloco",
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.maximumConnections)),
            onServerRunning: { [configuration, jobs] channel in
                // Not before the address is bound: another server of the library may use it.
                jobs?.uploads.removeAll()
                onReady(Self.name(of: channel.localAddress, configuration.address))
            }, logger: logger)
        var parts = [ServiceGroupConfiguration.ServiceConfiguration(service: application)]
        if let jobs { parts.append(.init(service: jobs.queue)) }
        var group = ServiceGroupConfiguration(
            services: parts, logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.drainSeconds)
        let services = ServiceGroup(configuration: group)
        running.services.withLock { $0 = services }
        try await services.run()
    }

    /// Stops listening; ``run(onReady:)`` returns after the answers in progress.
    public func stop() async {
        await running.services.withLock { $0 }?.triggerGracefulShutdown()
    }

    /// The address as clients write it, with the port that was bound.
    private static func name(of local: SocketAddress?, _ requested: ServerConfiguration.Address) -> String {
        switch requested {
        case .socket(let path): path
        case .host(let host, let port):
            "http://\(host.contains(":") ? "[\(host)]" : host):\(local?.port ?? port)"
        }
    }

    /// The documented routes as method and path in Hummingbird's notation, such as `get /v1/models`.
    package var routes: [String] {
        documentedRouter().routes.map { "\($0.method.rawValue.lowercased()) \($0.path)" }
    }
    /// Whether a path needs no key.
    package static func isOpen(_ path: String) -> Bool { AccessMiddleware.isOpen(path) }
    /// The API's description: JSON, OpenAPI 3.1
    package static var description: [UInt8] { PackageResources.openapi_json }

    /// The documented routes. Other methods on their paths get status 405 with the allowed methods.
    func router() -> Router<ServerContext> {
        let router = documentedRouter()
        let methods = Dictionary(grouping: router.routes, by: { "\($0.path)" }).mapValues { Set($0.map(\.method)) }
        for (path, allowed) in methods {
            // Hummingbird generates HEAD for every GET.
            let all = allowed.contains(.get) ? allowed.union([.head]) : allowed
            let names = all.map(\.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods where !all.contains(method) {
                router.on(RouterPath(path), method: method) { request, _ -> Response in
                    throw HTTPError(
                        .methodNotAllowed, headers: [.allow: names],
                        message: "method \(request.method.rawValue) is not allowed here; expected \(names)")
                }
            }
        }
        return router
    }

    private static let methods =
        [.get, .head, .post, .put, .patch, .delete, .options, .trace] + [HTTPRequest.Method("QUERY")].compactMap(\.self)

    /// The routes of the API's description. ``AccessMiddleware/isOpen(_:)`` lists those that need no key.
    private func documentedRouter() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        let metrics = ServerMetrics()
        router.middlewares.add(ObservingMiddleware(metrics: metrics))
        router.middlewares.add(ErrorMiddleware(maximumBodyBytes: configuration.maximumBodyBytes))
        router.middlewares.add(
            AccessMiddleware(
                keys: configuration.keys, hosts: configuration.hosts.union(configuration.boundHosts),
                rates: KeyRates(perSecond: configuration.maximumRequestsPerSecond)))
        for path in ["healthz", "readyz"] {
            router.get(RouterPath(path)) { _, _ in try Response.json(["status": "ok"]) }
        }
        let admission = Admission(limit: configuration.maximumAnswers) { metrics.countRefusal() }
        let service = AnswerService(
            models: ServedModels(base: model, library: library), configuration: configuration, admission: admission,
            metrics: metrics)
        let embeddings = EmbeddingRoute(engine: library.engine, configuration: configuration, admission: admission)
        OpenAIRoutes(service: service, embeddings: embeddings, start: start).add(to: router.group("v1"))
        OllamaRoutes(service: service, embeddings: embeddings, start: start).add(to: router.group("api"))
        let lloco = router.group("lloco/v1")
        LibraryRoutes(library: library, model: model, configuration: configuration, jobs: jobs?.queue).add(to: lloco)
        if let jobs {
            JobRoutes(queue: jobs.queue, uploads: jobs.uploads, store: library.store, configuration: configuration)
                .add(to: lloco)
        }
        lloco.post("stop") { [self] _, context in
            try context.access.require(.admin)
            // Not awaited: `stop` waits for all answers, and this response is one of them.
            Task { await stop() }
            return Response(status: .accepted)
        }
        router.get("metrics") { [library, jobs] _, context in
            try context.access.require(.admin)
            let text = metrics.text(
                library, admitted: admission.taken, jobs: await jobs?.queue.list(for: .all) ?? [])
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        }
        PageRoutes().add(to: router)
        return router
    }
}

/// The running services, shared by all copies of a ``Server`` value.
private final class RunningServices: Sendable {
    let services = Mutex<ServiceGroup?>(nil)
}

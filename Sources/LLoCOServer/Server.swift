import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import LLoCO
public import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Answers over HTTP, from a library's groups, as OpenAI's API does.
///
///     let server = Server(library, model: "qwen2.5-coder-0.5b")
///     try await server.run { print("listening on \($0)") }
public struct Server: Sendable {
    /// What is answered from
    public let library: DocumentLibrary
    /// The base model's name
    public let model: String
    public let configuration: ServerConfiguration
    private let logger: Logger
    private let start = Date()
    /// Ends what runs
    private let ending = Ending()
    private let jobs: (queue: JobQueue, uploads: Uploads)?

    /// - Parameter model: what clients call the base model
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

    /// Listens until ``stop()``. Its last answers have ``ServerConfiguration/drainSeconds`` then.
    ///
    /// - Parameter onReady: called once with the address, `http://127.0.0.1:8321` or a socket's path, when requests are
    ///   answered
    /// - Throws: where the address cannot be listened on.
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
                    additionalChannelHandlers: [SlowClientHandler(configuration.patience)],
                    idleTimeout: .milliseconds(Int64(configuration.idleSeconds * 1000)))),
            configuration: .init(
                address: address, serverName: "lloco",
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.maximumConnections)),
            onServerRunning: { [configuration] channel in
                onReady(Self.name(of: channel.localAddress, configuration.address))
            }, logger: logger)
        jobs?.uploads.removeAll()
        var parts = [ServiceGroupConfiguration.ServiceConfiguration(service: application)]
        if let jobs { parts.append(.init(service: jobs.queue)) }
        var group = ServiceGroupConfiguration(
            services: parts, logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.drainSeconds)
        let services = ServiceGroup(configuration: group)
        ending.services.withLock { $0 = services }
        try await services.run()
    }

    /// Ends what listens, behind the answers in hand.
    public func stop() async {
        await ending.services.withLock { $0 }?.triggerGracefulShutdown()
    }

    /// How clients write the address that was listened on.
    private static func name(of local: SocketAddress?, _ asked: ServerConfiguration.Address) -> String {
        switch asked {
        case .socket(let path): path
        case .host(let host, let port):
            "http://\(host.contains(":") ? "[\(host)]" : host):\(local?.port ?? port)"
        }
    }

    /// What there is, `get /v1/models` and the like, as Hummingbird writes paths.
    package var routes: [String] {
        router().routes.map { "\($0.method.rawValue.lowercased()) \($0.path)" }
    }
    /// Whether a path needs no key.
    package static func isOpen(_ path: String) -> Bool { AccessMiddleware.isOpen(path) }
    /// The description of the API, in OpenAPI 3.1
    package static var description: [UInt8] { PackageResources.openapi_json }

    /// All routes. Those that need no key are ``AccessMiddleware/isOpen(_:)``.
    func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
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
        let desk = AnswerDesk(
            models: ServedModels(base: model, library: library), configuration: configuration, admission: admission,
            metrics: metrics)
        let embeddings = EmbeddingRoute(engine: library.engine, configuration: configuration, admission: admission)
        OpenAIRoutes(desk: desk, embeddings: embeddings, start: start).add(to: router.group("v1"))
        OllamaRoutes(desk: desk, embeddings: embeddings, start: start).add(to: router.group("api"))
        let own = router.group("lloco/v1")
        LibraryRoutes(library: library, model: model, configuration: configuration, jobs: jobs?.queue).add(to: own)
        if let jobs {
            JobRoutes(queue: jobs.queue, uploads: jobs.uploads, store: library.store, configuration: configuration)
                .add(to: own)
        }
        own.post("stop") { [self] _, context in
            try context.access.require(.admin)
            // Behind the answer, which would otherwise be waited for.
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

/// What runs, which all copies of a server end.
private final class Ending: Sendable {
    let services = Mutex<ServiceGroup?>(nil)
}

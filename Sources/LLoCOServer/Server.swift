import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import LLoCO
public import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

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

    /// Listens until SIGTERM or SIGINT. Its last answers have ``ServerConfiguration/drainSeconds`` then.
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
            server: .http1(configuration: .init(idleTimeout: .milliseconds(Int64(configuration.idleSeconds * 1000)))),
            configuration: .init(
                address: address, serverName: "lloco",
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.maximumConnections)),
            onServerRunning: { [configuration] channel in
                onReady(Self.name(of: channel.localAddress, configuration.address))
            }, logger: logger)
        jobs?.uploads.removeAll()
        var services = [ServiceGroupConfiguration.ServiceConfiguration(service: application)]
        if let jobs { services.append(.init(service: jobs.queue)) }
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.drainSeconds)
        try await ServiceGroup(configuration: group).run()
    }

    /// How clients write the address that was listened on.
    private static func name(of local: SocketAddress?, _ asked: ServerConfiguration.Address) -> String {
        switch asked {
        case .socket(let path): path
        case .host(let host, let port):
            "http://\(host.contains(":") ? "[\(host)]" : host):\(local?.port ?? port)"
        }
    }

    private func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.middlewares.add(ErrorMiddleware(maximumBodyBytes: configuration.maximumBodyBytes))
        router.middlewares.add(
            AccessMiddleware(keys: configuration.keys, hosts: configuration.hosts.union(configuration.boundHosts)))
        for path in ["healthz", "readyz"] {
            router.get(RouterPath(path)) { _, _ in try Response.json(["status": "ok"]) }
        }
        let models = ServedModels(base: model, library: library)
        router.get("v1/models") { _, context in
            try await Response.json(models.list(for: context.access, since: start))
        }
        // A name may have slashes in it.
        router.get("v1/models/**") { _, context in
            let name = context.parameters.getCatchAll().joined(separator: "/").removingPercentEncoding ?? ""
            return try await Response.json(models.model(name, for: context.access, since: start))
        }
        let completions = CompletionRoutes(
            models: models, engine: library.engine, configuration: configuration,
            admission: Admission(limit: configuration.maximumAnswers))
        router.post("v1/chat/completions") { request, context in
            try await completions.chat(request, for: context.access)
        }
        router.post("v1/completions") { request, context in
            try await completions.complete(request, for: context.access)
        }
        let embeddings = EmbeddingRoute(
            engine: library.engine, configuration: configuration, admission: completions.admission)
        router.post("v1/embeddings") { request, _ in try await embeddings.embed(request) }
        let own = router.group("lloco/v1")
        LibraryRoutes(library: library, model: model, configuration: configuration, jobs: jobs?.queue).add(to: own)
        if let jobs {
            JobRoutes(queue: jobs.queue, uploads: jobs.uploads, store: library.store, configuration: configuration)
                .add(to: own)
        }
        return router
    }
}

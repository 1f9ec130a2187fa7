import AsyncHTTPClient
import Foundation
import LLoCOBase
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Gets what lies under addresses. A server may be hostile: redirects, sizes and times are bounded here.
///
/// It has to be shut down: ``with(_:_:)`` does.
final class HubTransport: Sendable {
    let settings: HubSettings
    /// Clients by the proxy that they go through, nil for none.
    private let clients = Mutex<[URL?: HTTPClient]>([:])

    private static let longestRedirection = 10

    private init(_ settings: HubSettings) {
        self.settings = settings
    }

    static func with<Value>(_ settings: HubSettings, _ body: (HubTransport) async throws -> Value) async throws -> Value
    {
        let transport = HubTransport(settings)
        do {
            let value = try await body(transport)
            await transport.shutdown()
            return value
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    private func shutdown() async {
        for client in clients.withLock({ Array($0.values) }) { try? await client.shutdown() }
    }

    /// What a server answered, whatever its status; the body has not been read yet.
    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        /// The headers of redirects on the way, the first first: where the endpoint itself says what a file is.
        let redirects: [HTTPHeaders]
        let body: HTTPClientResponse.Body
        /// Where it came from, without what may be secret in an address.
        let origin: String

        func header(_ name: String) -> String? { headers.first(name: name) }
    }

    /// Asks once. Redirects are followed; the token goes to the endpoint alone, until the first one that leads elsewhere.
    ///
    /// - Parameter offset: the first byte that is wanted
    /// - Throws: ``HubError``
    func get(_ url: URL, from offset: Int = 0) async throws -> Answer {
        guard !settings.isOffline else {
            throw HubError(
                .unsupported,
                "\(Self.origin(of: url)): no model hub is asked, since HF_HUB_OFFLINE or "
                    + "TRANSFORMERS_OFFLINE is set")
        }
        var url = url
        var redirects: [HTTPHeaders] = []
        var isTrusted = Self.origin(of: url) == Self.origin(of: settings.endpoint)
        while true {
            var request = HTTPClientRequest(url: url.absoluteString)
            request.headers.add(name: "user-agent", value: "lloco/\(Release.version)")
            request.headers.add(name: "accept-encoding", value: "identity")
            if offset > 0 { request.headers.add(name: "range", value: "bytes=\(offset)-") }
            if isTrusted, let token = settings.token {
                request.headers.add(name: "authorization", value: "Bearer \(token.secret)")
            }
            let response: HTTPClientResponse
            do {
                // The time to the response's head; the body has limits of its own.
                response = try await client(for: url).execute(
                    request, timeout: .nanoseconds(Self.nanoseconds(settings.connectTimeout + settings.idleTimeout)))
            } catch { throw failure(error, of: url) }
            let status = Int(response.status.code)
            guard [301, 302, 303, 307, 308].contains(status) else {
                return Answer(
                    status: status, headers: response.headers, redirects: redirects, body: response.body,
                    origin: Self.origin(of: url))
            }
            redirects.append(response.headers)
            guard redirects.count <= Self.longestRedirection else {
                throw HubError(.failed, "\(Self.origin(of: url)): more than \(Self.longestRedirection) redirects")
            }
            url = try redirected(url, to: response.headers.first(name: "location"))
            isTrusted = isTrusted && Self.origin(of: url) == Self.origin(of: settings.endpoint)
        }
    }

    private func redirected(_ url: URL, to location: String?) throws -> URL {
        guard let location, let next = URL(string: location, relativeTo: url)?.absoluteURL,
            let scheme = next.scheme?.lowercased(), ["http", "https"].contains(scheme), next.host() != nil
        else {
            throw HubError(.failed, "\(Self.origin(of: url)): a redirect to no address of the web")
        }
        guard scheme == "https" || url.scheme?.lowercased() == "http" else {
            throw HubError(.failed, "\(Self.origin(of: url)): a redirect from https to \(Self.origin(of: next))")
        }
        return next
    }

    /// Scheme, host and port: what a token is for, and what messages name.
    static func origin(of url: URL) -> String {
        let scheme = url.scheme?.lowercased() ?? ""
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        let isUsual = port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(url.host()?.lowercased() ?? "")\(isUsual ? "" : ":\(port)")"
    }

    // MARK: - Clients

    private func client(for url: URL) throws -> HTTPClient {
        let proxy = try settings.proxies.proxy(for: url)
        return try clients.withLock { clients in
            if let client = clients[proxy] { return client }
            var configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow,
                timeout: .init(
                    connect: .nanoseconds(Self.nanoseconds(settings.connectTimeout)),
                    read: .nanoseconds(Self.nanoseconds(settings.idleTimeout))),
                decompression: .disabled)
            configuration.httpVersion = .http1Only
            // Else a refused connection is tried until the time is over.
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.proxy = proxy.map { Self.proxy($0) }
            if let certificates = settings.certificates {
                guard FileManager.default.isReadableFile(atPath: certificates) else {
                    throw HubError(.notFound, "SSL_CERT_FILE is \(certificates), which cannot be read")
                }
                var tls = TLSConfiguration.makeClientConfiguration()
                tls.trustRoots = .file(certificates)
                configuration.tlsConfiguration = tls
            }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[proxy] = client
            return client
        }
    }

    private static func proxy(_ url: URL) -> HTTPClient.Configuration.Proxy {
        let (host, port) = (url.host() ?? "", url.port ?? 80)
        guard let user = url.user(percentEncoded: false) else { return .server(host: host, port: port) }
        return .server(
            host: host, port: port,
            authorization: .basic(username: user, password: url.password(percentEncoded: false) ?? ""))
    }

    static func nanoseconds(_ duration: Duration) -> Int64 {
        let parts = duration.components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }

    // MARK: - Errors

    /// An error of the client in our words; they never repeat an address, which may hold what is secret.
    func failure(_ error: any Error, of url: URL) -> any Error {
        failure(error, of: Self.origin(of: url))
    }

    func failure(_ error: any Error, of origin: String) -> any Error {
        if error is CancellationError || error is HubError { return error }
        func seconds(_ duration: Duration) -> String {
            "\(duration.formatted(.units(allowed: [.seconds], width: .narrow)))"
        }
        let reason =
            switch error {
            case let error as HTTPClientError where error == .connectTimeout:
                "no connection within \(seconds(settings.connectTimeout))"
            case let error as HTTPClientError where error == .readTimeout || error == .deadlineExceeded:
                "nothing came for \(seconds(settings.idleTimeout))"
            case let error as HTTPClientError where error == .remoteConnectionClosed:
                "the connection was closed before the end"
            case let error as HTTPClientError where error == .cancelled: "cancelled"
            case let error as NIOConnectionError:
                if error.connectionErrors.isEmpty {
                    "the host's address cannot be found"
                } else {
                    "no connection (\(error.connectionErrors.map { Self.reason($0.error) }.first ?? ""))"
                }
            case let error as IOError: "no connection (\(Self.reason(error)))"
            case is HTTPParserError: "its answer is no HTTP (\(error))"
            default: "\(error)".excerpt(200)
            }
        return HubError(.failed, "\(origin): \(reason)", isTransient: true)
    }

    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)).lowercased() } ?? "\(error)".excerpt(120)
    }
}

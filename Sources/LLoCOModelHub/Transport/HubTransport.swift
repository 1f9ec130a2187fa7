import AsyncHTTPClient
import Foundation
import LLoCOBase
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP client for GET requests. Servers are untrusted: redirects and times are limited here.
///
/// It must be shut down, which ``with(_:_:)`` does.
final class HubTransport: Sendable {
    let settings: HubSettings
    /// The clients by proxy; the key nil means no proxy.
    private let clients = Mutex<[URL?: HTTPClient]>([:])

    private static let maximumRedirects = 10

    private init(_ settings: HubSettings) {
        self.settings = settings
    }

    /// Calls `body` with a transport, and shuts the transport down.
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

    /// A server's answer with any status. The body has not been read.
    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        /// The headers of the redirects in order. The first are the endpoint's own headers about a file.
        let redirects: [HTTPHeaders]
        let body: HTTPClientResponse.Body
        /// The origin of the answer, without parts of the address that may be secret.
        let origin: String

        func header(_ name: String) -> String? { headers.first(name: name) }
    }

    /// Sends one request and follows redirects. The token is sent only to the endpoint, and no longer after a redirect
    /// to another origin.
    ///
    /// - Parameter offset: the offset of the first requested byte
    /// - Throws: ``HubError``
    func get(_ url: URL, from offset: Int = 0) async throws -> Answer {
        guard !settings.isOffline else {
            throw HubError(
                .unsupported,
                "\(Self.origin(of: url)): not contacted, because HF_HUB_OFFLINE or "
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
                // This limits the time to the response's head. The body has separate limits.
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
            guard redirects.count <= Self.maximumRedirects else {
                throw HubError(.failed, "\(Self.origin(of: url)): more than \(Self.maximumRedirects) redirects")
            }
            url = try redirected(url, to: response.headers.first(name: "location"))
            isTrusted = isTrusted && Self.origin(of: url) == Self.origin(of: settings.endpoint)
        }
    }

    private func redirected(_ url: URL, to location: String?) throws -> URL {
        guard let location, let next = URL(string: location, relativeTo: url)?.absoluteURL,
            let scheme = next.scheme?.lowercased(), ["http", "https"].contains(scheme), next.host() != nil
        else {
            throw HubError(.failed, "\(Self.origin(of: url)): a redirect to an address that is not HTTP")
        }
        guard scheme == "https" || url.scheme?.lowercased() == "http" else {
            throw HubError(.failed, "\(Self.origin(of: url)): a redirect from https to \(Self.origin(of: next))")
        }
        return next
    }

    /// Scheme, host and port: the scope of a token, and the name of a server in messages.
    static func origin(of url: URL) -> String {
        let scheme = url.scheme?.lowercased() ?? ""
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        let isDefault = port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(url.host()?.lowercased() ?? "")\(isDefault ? "" : ":\(port)")"
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
            // Otherwise the client retries a refused connection until the timeout.
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

    /// Converts an error of the client. The message does not repeat the address, which may contain a secret.
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
                "no data for \(seconds(settings.idleTimeout))"
            case let error as HTTPClientError where error == .remoteConnectionClosed:
                "the connection was closed before the end"
            case let error as HTTPClientError where error == .cancelled: "cancelled"
            case let error as NIOConnectionError:
                if error.connectionErrors.isEmpty {
                    "the host name cannot be resolved"
                } else {
                    "no connection (\(error.connectionErrors.map { Self.reason($0.error) }.first ?? ""))"
                }
            case let error as IOError: "no connection (\(Self.reason(error)))"
            case is HTTPParserError: "the answer is not HTTP (\(error))"
            default: "\(error)".excerpt(200)
            }
        return HubError(.failed, "\(origin): \(reason)", isTransient: true)
    }

    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)).lowercased() } ?? "\(error)".excerpt(120)
    }
}

public import Foundation
import LLoCOBase

/// The model hub's address, and the limits of requests to it.
public struct HubSettings: Sendable {
    /// The hub's address without a trailing slash.
    public var endpoint: URL
    /// The token, sent only to the endpoint; nil for none.
    public var token: HubToken?
    /// Whether requests to a hub are forbidden.
    public var isOffline: Bool
    /// The proxies in the environment.
    package var proxies: ProxySettings
    /// The path of a file with trusted certificates; nil for the system's.
    package var certificates: String?

    /// The maximum time to connect.
    package var connectTimeout: Duration = .seconds(10)
    /// The maximum time without data from the server.
    package var idleTimeout: Duration = .seconds(30)
    /// The interval in which a transfer must bring ``minimumBytes``; else it is stopped.
    package var minimumTime: Duration = .seconds(60)
    /// The minimum number of bytes per ``minimumTime``.
    package var minimumBytes = 64 << 10
    /// The maximum number of attempts at a request with transient errors, or at a transfer without progress.
    package var attempts = 5
    /// The pause before the second attempt. Each further pause is twice as long.
    package var pause: Duration = .seconds(1)
    /// The maximum pause, even if a server asks for a longer one.
    package var longestPause: Duration = .seconds(60)

    /// The default hub's address.
    public static let defaultEndpoint = "https://huggingface.co"

    /// The settings in the environment variables of Hugging Face's programs.
    ///
    /// These are `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`, `HTTPS_PROXY`, `HTTP_PROXY`,
    /// `ALL_PROXY`, `NO_PROXY` and `SSL_CERT_FILE`.
    ///
    /// - Throws: ``HubError`` if a variable is malformed.
    public init(environment: [String: String]) throws {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let address = value("HF_ENDPOINT") ?? Self.defaultEndpoint
        let trimmed = String(address.reversed().drop { $0 == "/" }.reversed())
        guard let url = URL(string: trimmed), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme),
            url.host() != nil, url.user() == nil, url.query() == nil, url.fragment() == nil
        else {
            throw HubError(
                .invalid,
                "HF_ENDPOINT is \(address.printable(limit: 200)), expected an address such as "
                    + Self.defaultEndpoint)
        }
        endpoint = url
        token = try value("HF_TOKEN").map { try HubToken($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        isOffline = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].contains { name in
            ["1", "ON", "YES", "TRUE"].contains(value(name)?.uppercased())
        }
        proxies = ProxySettings(environment: environment)
        certificates = value("SSL_CERT_FILE")
    }
}

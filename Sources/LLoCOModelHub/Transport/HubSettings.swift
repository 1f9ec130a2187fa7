public import Foundation
import LLoCOBase

/// Which model hub is asked, and how patiently.
public struct HubSettings: Sendable {
    /// The hub's address, without a slash at its end.
    public var endpoint: URL
    /// Sent to the endpoint and nowhere else; nil for none.
    public var token: HubToken?
    /// Whether no hub may be asked.
    public var isOffline: Bool
    /// Proxies, by the variables of the environment that name them.
    package var proxies: ProxySettings
    /// A file of certificates to trust; nil for the system's.
    package var certificates: String?

    /// How long a connection may take to come about.
    package var connectTimeout: Duration = .seconds(10)
    /// How long a server may say nothing.
    package var idleTimeout: Duration = .seconds(30)
    /// A transfer that brings fewer than `leastBytes` in this time is broken off.
    package var minimumTime: Duration = .seconds(60)
    package var minimumBytes = 64 << 10
    /// Attempts at a request that fails for the moment, or at a transfer that brings next to nothing.
    package var attempts = 5
    /// The pause before the second attempt; each further one is twice as long.
    package var pause: Duration = .seconds(1)
    /// The longest pause, whatever a server asks for.
    package var longestPause: Duration = .seconds(60)

    public static let defaultEndpoint = "https://huggingface.co"

    /// The settings of Hugging Face's own programs: `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`, and
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` and `SSL_CERT_FILE`.
    ///
    /// - Throws: ``HubError`` where one of them is malformed.
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

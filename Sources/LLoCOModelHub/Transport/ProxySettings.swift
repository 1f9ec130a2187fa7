package import Foundation
import LLoCOBase

/// The proxies in the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case.
package struct ProxySettings: Sendable {
    private let proxies: [String: String]
    private let all: String?
    private let direct: [String]

    package init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            [name.lowercased(), name].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        var proxies: [String: String] = [:]
        proxies["https"] = value("HTTPS_PROXY")
        // Prefer lower case: in a CGI program, a request's header could set the variable in capitals.
        proxies["http"] = environment["http_proxy"].flatMap { $0.isEmpty ? nil : $0 } ?? value("HTTP_PROXY")
        self.proxies = proxies
        all = value("ALL_PROXY")
        direct = (value("NO_PROXY") ?? "").split(whereSeparator: { $0 == "," || $0 == " " }).map { $0.lowercased() }
    }

    /// The proxy for an address; nil to connect directly.
    ///
    /// - Throws: ``HubError`` if the proxy is not an HTTP proxy.
    package func proxy(for url: URL) throws -> URL? {
        guard let scheme = url.scheme?.lowercased(), let host = url.host()?.lowercased(), !isDirect(host),
            let text = proxies[scheme] ?? all
        else { return nil }
        let address = text.contains("://") ? text : "http://\(text)"
        guard let proxy = URL(string: address), proxy.scheme?.lowercased() == "http", proxy.host() != nil else {
            // Do not show the address, which may contain a password.
            throw HubError(.unsupported, "the proxy for \(scheme) addresses: expected http://HOST:PORT")
        }
        return proxy
    }

    private func isDirect(_ host: String) -> Bool {
        direct.contains { entry in
            let name = entry.hasPrefix("*.") ? String(entry.dropFirst(2)) : String(entry.drop { $0 == "." })
            return entry == "*" || host == name || host.hasSuffix("." + name)
        }
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import LLoCOBase

/// Checks the `Host` and `Origin` header fields, then the key.
struct AccessMiddleware: RouterMiddleware {
    let keys: AccessKeys?
    /// Accepted host names beside the loopback names
    let hosts: Set<String>
    let rates: KeyRates

    /// Whether a path needs no key, because its content holds no data.
    static func isOpen(_ path: String) -> Bool {
        ["/healthz", "/readyz", "/openapi.json", "/", "/favicon.ico"].contains(path) || path.hasPrefix("/page/")
    }
    private static let loopbackNames: Set = ["localhost", "127.0.0.1", "[::1]"]

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        // Against DNS rebinding: another site's host name may resolve to this machine.
        let host = Self.name(of: request.head.authority ?? "")
        guard Self.loopbackNames.contains(host) || hosts.contains(host) else {
            throw APIError(
                status: .misdirectedRequest, message: "Host \"\(host.printable(limit: 100))\" is not this server",
                type: "invalid_request_error", code: "unknown_host")
        }
        // Pages of other servers are refused, also of servers on this machine.
        if let origin = request.headers[.origin], !isOwn(origin, request.head.authority ?? "") {
            throw APIError(
                status: .forbidden, message: "Origin \(origin.printable(limit: 100)) is not this server",
                type: "invalid_request_error", code: "unknown_origin")
        }
        var context = context
        if let keys {
            if !Self.isOpen(request.uri.path) {
                context.access = try access(request, keys)
                if let key = context.access.key { try rates.take(key) }
            }
        } else {
            context.access = .all
        }
        return try await next(request, context)
    }

    /// The host without its port, in lower case.
    private static func name(of authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else {
            return authority.lowercased()
        }
        return authority[..<colon].lowercased()
    }

    /// Whether an origin such as `http://127.0.0.1:8321` is this server.
    private func isOwn(_ origin: String, _ authority: String) -> Bool {
        guard let scheme = origin.range(of: "://") else { return false }
        return origin[scheme.upperBound...].lowercased() == authority.lowercased()
    }

    private func access(_ request: Request, _ keys: AccessKeys) throws -> Access {
        let scheme = "bearer "
        guard let field = request.headers[.authorization], field.lowercased().hasPrefix(scheme),
            let access = keys.access(String(field.dropFirst(scheme.count)))
        else {
            throw APIError(
                status: .unauthorized, message: "the key is missing or unknown; expected Authorization: Bearer KEY",
                type: "invalid_request_error", code: "invalid_api_key")
        }
        return access
    }
}

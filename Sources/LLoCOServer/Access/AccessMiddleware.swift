import Foundation
import HTTPTypes
import Hummingbird
import LLoCOBase

/// Lets in who may come: the host and the origin that a browser names, then the key.
struct AccessMiddleware: RouterMiddleware {
    let keys: AccessKeys?
    /// Names that clients may use for the server, beside this machine's own
    let hosts: Set<String>
    let rates: KeyRates

    /// Whether a path needs no key: what is there holds no data.
    static func isOpen(_ path: String) -> Bool {
        ["/healthz", "/readyz", "/openapi.json", "/", "/favicon.ico"].contains(path) || path.hasPrefix("/page/")
    }
    private static let own: Set = ["localhost", "127.0.0.1", "[::1]"]

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        // A page elsewhere that has this machine's address behind its own name is not let in.
        let host = Self.name(of: request.head.authority ?? "")
        guard Self.own.contains(host) || hosts.contains(host) else {
            throw APIError(
                status: .misdirectedRequest, message: "this server is not called \"\(host.printable(limit: 100))\"",
                type: "invalid_request_error", code: "unknown_host")
        }
        // A page of another server, also of one on this machine, may not ask.
        if let origin = request.headers[.origin], !isOwn(origin, request.head.authority ?? "") {
            throw APIError(
                status: .forbidden, message: "pages of \(origin.printable(limit: 100)) may not ask this server",
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

    /// A host without its port.
    private static func name(of authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else {
            return authority.lowercased()
        }
        return authority[..<colon].lowercased()
    }

    /// Whether an origin, `http://127.0.0.1:8321`, is this server's own page.
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
                status: .unauthorized, message: "expected a key of this server: Authorization: Bearer KEY",
                type: "invalid_request_error", code: "invalid_api_key")
        }
        return access
    }
}

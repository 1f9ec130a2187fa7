import Foundation
import HTTPTypes
import Hummingbird
import LLoCOBase
import Logging

/// Counts and logs requests, and returns their ids. Paths and bodies are not logged: paths may contain names.
struct ObservingMiddleware: RouterMiddleware {
    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        func observe(_ status: HTTPResponse.Status) {
            let (route, seconds) = (context.endpointPath ?? "none", start.duration(to: .now).seconds)
            let method = Self.methods.contains(request.method) ? request.method.rawValue : "other"
            metrics.count(route: route, method: method, status: status.code, seconds: seconds)
            context.logger.info(
                "request",
                metadata: [
                    "method": "\(method)", "route": "\(route)", "status": "\(status.code)",
                    "seconds": "\(String(format: "%.4f", seconds))",
                ])
        }
        do {
            var response = try await next(request, context)
            observe(response.status)
            response.headers[Self.requestID] = context.id
            return response
        } catch {
            // Hummingbird answers malformed HTTP.
            observe(.badRequest)
            throw error
        }
    }

    private static let requestID = HTTPField.Name("X-Request-Id")!
    /// Other methods are counted as "other", because clients can invent any number of them.
    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}

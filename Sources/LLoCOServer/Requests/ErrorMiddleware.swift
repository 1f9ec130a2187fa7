import HTTPTypes
import Hummingbird
import LLoCOBase
import Logging
import NIOCore
import NIOHTTP1

/// Turns every error into a response: in Ollama's form under `/api/`, else in OpenAI's.
struct ErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    let maximumBodyBytes: Int

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as HTTPParserError {
            // Hummingbird answers malformed HTTP itself.
            throw error
        } catch {
            let reply = self.error(error, of: request)
            // A cancelled request has no client left; a refused one is counted in the metrics.
            if reply.status.kind == .serverError, reply.status != .serviceUnavailable,
                !(error is CancellationError)
            {
                context.logger.error("request failed: \(error)")
            }
            var response =
                request.uri.path.hasPrefix("/api/")
                ? try Response.json(PlainError(error: reply.message), status: reply.status)
                : try Response.json(reply, status: reply.status)
            // An unread body or an aborted answer leaves the connection unusable.
            response.headers[.connection] = "close"
            if [.serviceUnavailable, .tooManyRequests].contains(reply.status) { response.headers[.retryAfter] = "1" }
            if reply.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
            if let allowed = (error as? HTTPError)?.headers[.allow] { response.headers[.allow] = allowed }
            return response
        }
    }

    private func error(_ error: any Error, of request: Request) -> APIError {
        switch error {
        case is NIOTooManyBytesError:
            return .tooLong("the request body has more than \(maximumBodyBytes) bytes")
        case let error as HTTPError where error.status == .notFound:
            return .notFound("unknown route: \(request.method.rawValue) \(request.uri.path.printable(limit: 100))")
        case let error as HTTPError:
            return APIError(
                status: error.status, message: error.body ?? error.status.reasonPhrase, type: "invalid_request_error")
        default: return APIError(of: error)
        }
    }
}

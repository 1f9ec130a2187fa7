import HTTPTypes
import Hummingbird
import LLoCOBase
import Logging
import NIOCore
import NIOHTTP1

/// Every error becomes a response: in OpenAI's form, on Ollama's routes in Ollama's.
struct ErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    let maximumBodyBytes: Int

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as HTTPParserError {
            // Hummingbird answers what is no HTTP.
            throw error
        } catch {
            let reply = self.error(error, of: request)
            // Nobody waits for what was cancelled.
            if reply.status.kind == .serverError, !(error is CancellationError) {
                context.logger.error("a request failed: \(error)")
            }
            var response =
                request.uri.path.hasPrefix("/api/")
                ? try Response.json(PlainError(error: reply.message), status: reply.status)
                : try Response.json(reply, status: reply.status)
            // What was being answered closes its connection.
            response.headers[.connection] = "close"
            if [.serviceUnavailable, .tooManyRequests].contains(reply.status) { response.headers[.retryAfter] = "1" }
            if reply.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
            return response
        }
    }

    private func error(_ error: any Error, of request: Request) -> APIError {
        switch error {
        case is NIOTooManyBytesError:
            return .tooLong("the request's body has more than \(maximumBodyBytes) bytes")
        case let error as HTTPError where error.status == .notFound:
            return .notFound("there is no route \(request.method.rawValue) \(request.uri.path.printable(limit: 100))")
        case let error as HTTPError:
            return APIError(
                status: error.status, message: error.body ?? error.status.reasonPhrase, type: "invalid_request_error")
        default: return APIError(of: error)
        }
    }
}

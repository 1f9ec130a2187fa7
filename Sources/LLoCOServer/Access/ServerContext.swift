import Foundation
import Hummingbird
import LLoCOBase
import Logging

/// A request's context: its id, logger, path parameters and the client's permissions.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The client's permissions: no groups until ``AccessMiddleware`` has run
    var access = Access(groups: [], scope: .read)

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }

    /// A parameter of the path, percent-decoded.
    func plainParameter(_ name: String) throws -> String {
        let encoded = try parameters.require(name)
        guard let plain = encoded.removingPercentEncoding else {
            throw APIError.invalid("the path has a malformed percent escape")
        }
        return plain
    }
}

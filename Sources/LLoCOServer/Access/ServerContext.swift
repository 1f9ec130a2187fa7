import Foundation
import Hummingbird
import LLoCOBase
import Logging

/// What is known of a request.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// What the client may do; nothing, until it is known
    var access = Access(groups: [], scope: .read)

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }

    /// A parameter of the path, as it was before it was encoded.
    func plainParameter(_ name: String) throws -> String {
        let encoded = try parameters.require(name)
        guard let plain = encoded.removingPercentEncoding else {
            throw APIError.invalid("the path has a malformed escape in it")
        }
        return plain
    }
}

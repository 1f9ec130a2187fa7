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
}

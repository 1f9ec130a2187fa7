public import Foundation

/// Where a server listens, and what it allows.
public struct ServerConfiguration: Sendable {
    /// Where clients find the server.
    public enum Address: Sendable, Hashable {
        /// A host's name or address, and a port; 0 for one that is free
        case host(String, port: Int)
        /// A Unix socket's path
        case socket(String)
    }

    /// How work that changes the library is done: by processes of the command `lloco`.
    public struct Jobs: Sendable {
        /// What they keep: jobs, uploads
        public var folder: URL
        /// The command
        public var executable: URL
        /// What it is called with beside a job's own: the library, the model
        public var options: [String]

        public init(folder: URL, executable: URL, options: [String]) {
            (self.folder, self.executable, self.options) = (folder, executable, options)
        }
    }

    /// This machine's own address and port 8321 by default
    public var address = Address.host("127.0.0.1", port: 8321)
    /// The keys that clients have to know; nil, the default, for none, where the address is this machine's own
    public var keys: AccessKeys?
    /// Names that clients may use for the server beside `localhost`, `127.0.0.1` and `[::1]`: none by default
    public var hosts: Set<String> = []
    /// The maximum seconds that a server which ends waits for its last answers: 30 by default
    public var drainSeconds = 30.0
    /// Where work that changes the library is done; nil, the default, for a server that takes no documents
    public var jobs: Jobs?
    /// The most bytes of a request's body: 8 MiB by default
    public var maximumBodyBytes = 8 << 20
    /// The most bytes of an upload: 512 MiB by default
    public var maximumUploadBytes = 512 << 20
    /// The most connections at a time, others wait to be accepted: 256 by default
    public var maximumConnections = 256
    /// The most answers that are given or wait at a time, of one key half of them; more are refused: 64 by default
    public var maximumAnswers = 64
    /// The most requests of a key in a second, on average: 50 by default
    public var maximumRequestsPerSecond = 50.0
    /// The most documents that a request names: 1,000 by default
    public var maximumDocuments = 1000
    /// The most answers to one request (`n`): 8 by default
    public var maximumChoices = 8
    /// Seconds without a byte after which a connection that waits for a request is closed: 60 by default
    public var idleSeconds = 60.0

    /// How long clients may take
    public var patience = ClientPatience()

    /// The defaults
    public init() {}

    /// The name that clients write for the address that is listened on; none where it stands for several.
    var boundHosts: Set<String> {
        guard case .host(let host, _) = address, !["0.0.0.0", "::"].contains(host) else { return [] }
        return [host.contains(":") ? "[\(host)]" : host.lowercased()]
    }
}

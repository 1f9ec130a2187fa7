public import Foundation

/// A server's address, access keys and limits.
public struct ServerConfiguration: Sendable {
    /// The address that a server listens on.
    public enum Address: Sendable, Hashable {
        /// A host name or IP address, and a port; 0 selects a free port
        case host(String, port: Int)
        /// The path of a Unix socket
        case socket(String)
    }

    /// The settings of jobs, which are processes of the program `lloco` and change the library.
    public struct Jobs: Sendable {
        /// The folder for the files of jobs and uploads
        public var folder: URL
        /// The program
        public var executable: URL
        /// Arguments of every job: the library, the model
        public var options: [String]

        /// Describes jobs by their folder, program and common arguments.
        public init(folder: URL, executable: URL, options: [String]) {
            (self.folder, self.executable, self.options) = (folder, executable, options)
        }
    }

    /// The host of the default address.
    public static let defaultHost = "127.0.0.1"
    /// The port of the default address.
    public static let defaultPort = 8321

    /// Default: 127.0.0.1, port 8321
    public var address = Address.host(defaultHost, port: defaultPort)
    /// The accepted keys; nil, the default, accepts every client and is meant for a loopback address
    public var keys: AccessKeys?
    /// Accepted host names beside `localhost`, `127.0.0.1`, `[::1]` and the bound host: none by default
    public var hosts: Set<String> = []
    /// The maximum time to finish answers after a stop, in seconds: 30 by default
    public var drainSeconds = 30.0
    /// The settings of jobs; nil, the default, for a server that does not change its library
    public var jobs: Jobs?
    /// Maximum size of a request body in bytes: 8 MiB by default
    public var maximumBodyBytes = 8 << 20
    /// Maximum size of an upload in bytes: 512 MiB by default
    public var maximumUploadBytes = 512 << 20
    /// Maximum number of open connections; others wait to be accepted: 256 by default
    public var maximumConnections = 256
    /// Maximum number of answers that are queued or generated, half of it for one key; more are refused: 128 by default
    public var maximumAnswers = 128
    /// Maximum average rate of one key, in requests per second: 50 by default
    public var maximumRequestsPerSecond = 50.0
    /// Maximum number of documents named in a request: 1,000 by default
    public var maximumDocuments = 1000
    /// Maximum number of choices per request (`n`): 8 by default
    public var maximumChoices = 8
    /// Seconds after which a connection without a request is closed: 60 by default
    public var idleSeconds = 60.0

    /// The timeouts of slow clients
    public var clientTimeouts = ClientTimeouts()

    /// Creates the default configuration.
    public init() {}

    /// The host that is listened on, as `Host` names it; empty for a wildcard address.
    var boundHosts: Set<String> {
        guard case .host(let host, _) = address, !["0.0.0.0", "::"].contains(host) else { return [] }
        return [host.contains(":") ? "[\(host)]" : host.lowercased()]
    }
}

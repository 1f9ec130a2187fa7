import Foundation
import LLoCOBase
import Logging

/// The log of a server: JSON Lines on stderr.
struct JSONLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    init(level: Logger.Level) { logLevel = level }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = ["time": Date.now.formatted(.iso8601), "level": event.level.rawValue]
        fields["message"] = "\(event.message)"
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            // Hummingbird's name of the request's id
            fields[key == "hb.request.id" ? "request" : key] = "\(value)"
        }
        guard let line = try? JSONLine.data(fields) else { return }
        try? FileHandle.standardError.write(contentsOf: line)
    }
}

package import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Helpers for external programs that tests start.
package enum Programs {
    /// The path of a program in `PATH`; nil if it is missing.
    package static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    package static var isRoot: Bool { geteuid() == 0 }

    /// Kills a process that the test started.
    package static func kill(_ process: Process) {
        guard process.isRunning else { return }
        #if canImport(Darwin)
            Darwin.kill(process.processIdentifier, SIGKILL)
        #elseif canImport(Glibc)
            Glibc.kill(process.processIdentifier, SIGKILL)
        #elseif canImport(Musl)
            Musl.kill(process.processIdentifier, SIGKILL)
        #endif
    }
}

package import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Other programs that tests start.
package enum Programs {
    /// Where a program is, by `PATH`.
    package static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    package static var isRoot: Bool { geteuid() == 0 }

    /// Ends a process that the test started, at once.
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

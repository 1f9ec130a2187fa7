package import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes a file that appears whole or not at all: a temporary file beside it, flushed to the disk, then renamed.
package struct AtomicFile: ~Copyable {
    private let url: URL
    private let temporary: String
    private let descriptor: Int32

    init(_ url: URL) throws {
        self.url = url
        let folder = url.deletingLastPathComponent().path
        let temporary = "\(folder)/.\(url.lastPathComponent).\(UUID().uuidString).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.fault(url) }
        self.temporary = temporary
        self.descriptor = descriptor
    }

    /// Writes a whole file.
    /// - Throws: `CheckpointError` naming the file and the system's reason.
    package static func write(_ data: Data, to url: URL) throws {
        let file = try AtomicFile(url)
        try data.withUnsafeBytes { try file.write($0) }
        try file.commit()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            // Some kernels write no more than 2 GiB at once.
            let written = systemWrite(descriptor, base, min(rest.count, 1 << 30))
            if written < 0 {
                if errno == EINTR { continue }
                throw Self.fault(url)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Flushes and puts the file in place.
    consuming func commit() throws {
        guard fsync(descriptor) == 0, rename(temporary, url.path) == 0 else { throw Self.fault(url) }
        // The rename itself is durable once the folder is flushed; a file system that cannot is no reason to fail.
        let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    deinit {
        close(descriptor)
        unlink(temporary)  // fails, as it should, after the rename
    }

    private static func fault(_ url: URL) -> CheckpointError {
        CheckpointError(
            .unwritable, file: url.path, found: "could not be written: \(String(cString: strerror(errno)).lowercased())"
        )
    }
}

private func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, base, count)
}

package import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes a file atomically: to a temporary file in the same folder, flushed to disk, then renamed.
package struct AtomicFile: ~Copyable {
    private let url: URL
    private let temporary: String
    private let descriptor: Int32

    /// - Parameter isPrivate: whether only the user may read the file (mode 0600); mode 0644 otherwise
    init(_ url: URL, isPrivate: Bool = false) throws {
        self.url = url
        let folder = url.deletingLastPathComponent().path
        let temporary = "\(folder)/.\(url.lastPathComponent).\(UUID().uuidString).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isPrivate ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw Self.fault(url) }
        self.temporary = temporary
        self.descriptor = descriptor
    }

    /// Writes `data` to `url` atomically.
    ///
    /// - Parameter isPrivate: whether only the user may read the file (mode 0600); mode 0644 otherwise
    /// - Throws: `CheckpointError` with the file and the system's reason.
    package static func write(_ data: Data, to url: URL, isPrivate: Bool = false) throws {
        let file = try AtomicFile(url, isPrivate: isPrivate)
        try data.withUnsafeBytes { try file.write($0) }
        try file.commit()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            // Some kernels write at most 2 GiB per call.
            let written = systemWrite(descriptor, base, min(rest.count, 1 << 30))
            if written < 0 {
                if errno == EINTR { continue }
                throw Self.fault(url)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Flushes the file and renames it to its final name.
    consuming func commit() throws {
        guard fsync(descriptor) == 0, rename(temporary, url.path) == 0 else { throw Self.fault(url) }
        // Flushing the folder makes the rename durable. A file system that does not support it is no reason to fail.
        let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    deinit {
        close(descriptor)
        unlink(temporary)  // fails after the rename, as intended
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

import Foundation
import LLoCOBase
import LLoCOModelFiles

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A partial file, `NAME.part`, which a later attempt resumes.
///
/// The lock of the model's folder ensures that one process at a time uses it.
struct PartFile: ~Copyable {
    private let url: URL
    private let descriptor: Int32
    private(set) var bytes: Int
    /// Whether the file still begins with the content that it had when it was opened.
    private(set) var isResumed: Bool

    /// Opens the part, or creates it.
    ///
    /// - Throws: `ModelFileError` if it cannot be written.
    init(_ url: URL) throws {
        let descriptor = open(url.path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.fault(url) }
        let bytes = Int(lseek(descriptor, 0, SEEK_END))
        guard bytes >= 0 else {
            close(descriptor)
            throw Self.fault(url)
        }
        (self.url, self.descriptor, self.bytes, isResumed) = (url, descriptor, bytes, bytes > 0)
    }

    deinit { close(descriptor) }

    /// Adds the file's current content to `hasher`.
    func hash(into hasher: inout ContentHasher) throws {
        var buffer = [UInt8](repeating: 0, count: 4 << 20)
        var offset = 0
        while offset < bytes {
            let count = pread(descriptor, &buffer, min(buffer.count, bytes - offset), off_t(offset))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.fault(url) }
            buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            offset += count
            try Task.checkCancellation()
        }
    }

    mutating func append(_ piece: UnsafeRawBufferPointer) throws {
        var remaining = piece
        while let base = remaining.baseAddress, !remaining.isEmpty {
            let count = pwrite(descriptor, base, remaining.count, off_t(bytes))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.fault(url, kept: bytes) }
            bytes += count
            remaining = UnsafeRawBufferPointer(rebasing: remaining[count...])
        }
    }

    /// Empties the file.
    mutating func truncate() throws {
        guard ftruncate(descriptor, 0) == 0 else { throw Self.fault(url) }
        (bytes, isResumed) = (0, false)
    }

    /// Writes all content to the disk.
    func flush() throws {
        guard fsync(descriptor) == 0 else { throw Self.fault(url, kept: bytes) }
    }

    private static func fault(_ url: URL, kept: Int? = nil) -> ModelFileError {
        let reason = errno == ENOSPC ? "the disk is full" : String(cString: strerror(errno)).lowercased()
        let note = kept.map { "; \($0) bytes are kept; retry to resume from there" } ?? ""
        return ModelFileError(.storage, "\(url.path): cannot be written: \(reason)\(note)")
    }
}

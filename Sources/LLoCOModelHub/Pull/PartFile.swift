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

/// A file that has not come whole: `NAME.part`, which a later attempt goes on from.
///
/// One process at a time has it, by the lock of the model's folder.
struct PartFile: ~Copyable {
    private let url: URL
    private let descriptor: Int32
    private(set) var bytes: Int
    /// Whether it begins with what was there when it was opened.
    private(set) var isContinued: Bool

    /// Opens the part, which is made where there is none.
    ///
    /// - Throws: `ModelFileError` where it cannot be written.
    init(_ url: URL) throws {
        let descriptor = open(url.path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.fault(url) }
        let bytes = Int(lseek(descriptor, 0, SEEK_END))
        guard bytes >= 0 else {
            close(descriptor)
            throw Self.fault(url)
        }
        (self.url, self.descriptor, self.bytes, isContinued) = (url, descriptor, bytes, bytes > 0)
    }

    deinit { close(descriptor) }

    /// What is there already goes through the hasher.
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
        var rest = piece
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = pwrite(descriptor, base, rest.count, off_t(bytes))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.fault(url, kept: bytes) }
            bytes += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Begins anew.
    mutating func empty() throws {
        guard ftruncate(descriptor, 0) == 0 else { throw Self.fault(url) }
        (bytes, isContinued) = (0, false)
    }

    /// Everything is on the disk.
    func flush() throws {
        guard fsync(descriptor) == 0 else { throw Self.fault(url, kept: bytes) }
    }

    private static func fault(_ url: URL, kept: Int? = nil) -> ModelFileError {
        let reason = errno == ENOSPC ? "the disk is full" : String(cString: strerror(errno)).lowercased()
        let rest = kept.map { "; \($0) bytes are kept, the same call goes on from there" } ?? ""
        return ModelFileError(.storage, "\(url.path): cannot be written: \(reason)\(rest)")
    }
}

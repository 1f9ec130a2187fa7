package import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The memory-mapped bytes of one file. Deallocation removes the mapping, so tensors that share pages hold a reference.
///
/// The mapping is private and copy-on-write: writing to a tensor that shares the pages neither changes the file nor
/// crashes. `@unchecked Sendable`: the address and the length never change, and this module only reads.
package final class FileBytes: @unchecked Sendable {
    package let url: URL
    /// Length in bytes.
    package let count: Int
    /// Address of the first byte.
    package let base: UnsafeRawPointer

    private enum Storage { case mapped, allocated }
    private let storage: Storage

    /// Maps the regular file at `url`.
    package init(mapping url: URL) throws {
        func fault(_ what: String) -> CheckpointError {
            CheckpointError(.unreadable, file: url.path, found: what, expected: "a readable file")
        }
        // Non-blocking, so that a named pipe is refused instead of blocking.
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw fault(String(cString: strerror(errno)).lowercased()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault(String(cString: strerror(errno)).lowercased()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw fault("not a regular file") }
        guard let size = Int(exactly: status.st_size), size > 0 else { throw fault("an empty file") }
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw fault(String(cString: strerror(errno)).lowercased()) }
        self.url = url
        self.count = size
        self.base = UnsafeRawPointer(address)
        self.storage = .mapped
    }

    /// Copies `bytes`. Errors call them `name`, like a file.
    package init(_ bytes: [UInt8], name: String) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
        copy.copyBytes(from: bytes)
        self.url = URL(fileURLWithPath: name)
        self.count = bytes.count
        self.base = UnsafeRawPointer(copy.baseAddress!)  // a non-empty allocation has an address
        self.storage = .allocated
    }

    deinit {
        switch storage {
        case .mapped: munmap(UnsafeMutableRawPointer(mutating: base), count)
        case .allocated: base.deallocate()
        }
    }

    package var path: String { url.path }

    /// The bytes of `range`, which must lie within the file.
    package subscript(range: Range<Int>) -> UnsafeRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }

    /// Creates an error about this file.
    package func fault(
        _ found: String, expected: String? = nil, code: CheckpointError.Code = .malformed
    ) -> CheckpointError {
        CheckpointError(code, file: url.path, found: found, expected: expected)
    }
}

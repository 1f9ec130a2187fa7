internal import Foundation

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An advisory lock that lets one process at a time write a library, or train a compressor into a folder.
///
/// The lock is an `flock` on a separate file, `<target>.lock`, which contains the writer's process id. The kernel
/// releases the lock when the process ends for any reason. The library file itself is not locked, because on some
/// systems `flock` would conflict with SQLite's record locks.
public final class WriterLock: Sendable {
    private let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        // Remove the file while the lock is held: a waiter on the removed file notices and opens the new one.
        unlink(path)
        close(descriptor)
    }

    /// Acquires the lock of a file or folder.
    ///
    /// - Parameters:
    ///   - target: the path of the file or folder to write
    ///   - timeout: the maximum time to wait
    ///   - onWait: gets a message once, before the first wait
    /// - Throws: ``LockError``: `busy`, with the lock's holder, or `storage` if the lock file cannot be opened.
    public static func acquire(
        _ target: String, timeout: Duration, onWait: (String) -> Void
    ) throws -> WriterLock {
        let path = target + ".lock"
        let deadline = ContinuousClock.now + timeout
        var announced = false
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else {
                throw LockError(
                    .storage,
                    "\(target): cannot be written: its lock file \(path) cannot be opened "
                        + "(\(String(cString: strerror(errno))))")
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                if pathNames(path, descriptor) {
                    recordProcess(in: descriptor)
                    return WriterLock(path: path, descriptor: descriptor)
                }
                close(descriptor)
                continue
            }
            let reason = errno
            let holder = self.holder(descriptor)
            close(descriptor)
            guard reason == EWOULDBLOCK || reason == EINTR else {
                throw LockError(
                    .storage, "\(target): cannot be locked for writing (\(String(cString: strerror(reason))))")
            }
            if ContinuousClock.now >= deadline {
                throw LockError(
                    .busy,
                    "\(target): locked for writing by \(holder); "
                        + "waited \(seconds(timeout)) s: let it finish or end it, then retry")
            }
            if !announced {
                announced = true
                onWait("\(target): waiting for \(holder), which has it locked for writing")
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Whether `path` still names the open file. The previous holder may have removed it.
    private static func pathNames(_ path: String, _ descriptor: Int32) -> Bool {
        var held = stat()
        var named = stat()
        guard fstat(descriptor, &held) == 0, stat(path, &named) == 0 else { return false }
        return held.st_ino == named.st_ino && held.st_dev == named.st_dev
    }

    private static func recordProcess(in descriptor: Int32) {
        let text = Array("\(getpid())\n".utf8)
        // Informs waiters only: the lock works without it, so errors are ignored.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = max(0, pread(descriptor, &bytes, bytes.count, 0))
        let text = String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self)
        guard let process = Int32(text), process > 0 else { return "another process" }
        return process == getpid() ? "this process (\(process))" : "process \(process)"
    }

    private static func seconds(_ duration: Duration) -> String {
        let parts = duration.components
        let value = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
        return value == value.rounded() ? String(parts.seconds) : String((value * 10).rounded() / 10)
    }
}

internal import Foundation

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The advisory lock that lets one process at a time write a library, or train a compressor into a folder.
///
/// It is an `flock` on a file of its own, `<what is written>.lock`, that holds the writer's process number: the kernel lets
/// go of it when the process ends, however it ends. It is not taken on the library itself, since there `flock` would
/// collide with SQLite's own record locks on some systems.
public final class WriterLock: Sendable {
    private let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        // Removed while still held: whoever waits on the removed file notices and opens the new one.
        unlink(path)
        close(descriptor)
    }

    /// Takes the lock on what is written, waiting up to `timeout`; `onWait` is told once, before the first wait.
    ///
    /// - Throws: ``LockError``: `busy`, naming who holds it, or `storage` where the lock file cannot be opened.
    public static func acquire(
        _ written: String, timeout: Duration, onWait: (String) -> Void
    ) throws -> WriterLock {
        let path = written + ".lock"
        let deadline = ContinuousClock.now + timeout
        var announced = false
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else {
                throw LockError(
                    .storage,
                    "\(written): cannot be written: its lock file \(path) cannot be opened "
                        + "(\(String(cString: strerror(errno))))")
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                if isStill(path, descriptor) {
                    record(in: descriptor)
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
                    .storage, "\(written): cannot be locked for writing (\(String(cString: strerror(reason))))")
            }
            if ContinuousClock.now >= deadline {
                throw LockError(
                    .busy,
                    "\(written): locked for writing by \(holder); "
                        + "waited \(seconds(timeout)) s: let it finish, or end it, and run again")
            }
            if !announced {
                announced = true
                onWait("\(written): waiting for \(holder), which holds it for writing")
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Whether `path` still names the file behind `descriptor`, which the last holder may have removed.
    private static func isStill(_ path: String, _ descriptor: Int32) -> Bool {
        var held = stat()
        var named = stat()
        guard fstat(descriptor, &held) == 0, stat(path, &named) == 0 else { return false }
        return held.st_ino == named.st_ino && held.st_dev == named.st_dev
    }

    private static func record(in descriptor: Int32) {
        let text = Array("\(getpid())\n".utf8)
        // Only a courtesy to those who wait: the lock holds without it.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = max(0, pread(descriptor, &bytes, bytes.count, 0))
        let text = String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self)
        guard let process = Int32(text), process > 0 else { return "another process" }
        return process == getpid() ? "this same process (\(process))" : "process \(process)"
    }

    private static func seconds(_ duration: Duration) -> String {
        let parts = duration.components
        let value = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
        return value == value.rounded() ? String(parts.seconds) : String((value * 10).rounded() / 10)
    }
}

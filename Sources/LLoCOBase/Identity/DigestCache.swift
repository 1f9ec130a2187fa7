public import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// SHA-256 digests of large files, cached in the user's cache folder. An unchanged file is not read again.
///
/// A file is identified by device and inode. A cached digest is valid while the file's size, modification time and
/// change time are the same, to the nanosecond. A program can set a file's modification time, but not its change time.
public struct DigestCache: Sendable {
    /// This user's cache: in `$XDG_CACHE_HOME/lloco`, else `~/Library/Caches/lloco` on macOS and `~/.cache/lloco`
    /// elsewhere.
    public static let user = DigestCache(folder: userFolder)

    /// Smaller files (bytes) are not cached: reading them takes no longer than the lookup.
    static let minimumSize = 1 << 20
    /// The minimum age of the last change, in nanoseconds, for a digest to be cached. A second write within one tick of
    /// the file system's clock would be invisible.
    static let minimumAge: Int64 = 2_000_000_000

    private let folder: URL?

    /// A cache in a folder.
    ///
    /// - Parameter folder: the folder with one file per digest; nil disables the cache
    public init(folder: URL?) {
        self.folder = folder
    }

    /// The SHA-256 of a file: 64 hexadecimal digits.
    ///
    /// - Parameter verifying: whether to read the file even if its digest is cached
    /// - Throws: ``FileError`` if the file is missing or cannot be read. An unreadable or unwritable cache is not an
    ///   error.
    public func digest(ofFileAt path: String, verifying: Bool = false) throws -> String {
        guard let before = State(path), before.size >= Self.minimumSize, let entry = entry(of: before) else {
            return try Digest.sha256(fileAt: path)
        }
        if !verifying, let cached = Self.read(entry), cached.state == before { return cached.sha256 }
        let digest = try Digest.sha256(fileAt: path)
        var now = timespec()
        guard State(path) == before, clock_gettime(CLOCK_REALTIME, &now) == 0,
            State.nanoseconds(now) - max(before.changed, before.modified) >= Self.minimumAge
        else { return digest }
        Self.write(CachedDigest(state: before, sha256: digest), to: entry)
        return digest
    }

    private func entry(of state: State) -> URL? { folder?.appending(path: "\(state.device)-\(state.inode).json") }

    private static var userFolder: URL? {
        let environment = ProcessInfo.processInfo.environment
        if let cacheHome = environment["XDG_CACHE_HOME"], cacheHome.hasPrefix("/") {
            return URL(filePath: cacheHome, directoryHint: .isDirectory).appending(path: "lloco/digests")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        #if os(macOS)
            let caches = "Library/Caches/lloco/digests"
        #else
            let caches = ".cache/lloco/digests"
        #endif
        return URL(filePath: home, directoryHint: .isDirectory).appending(path: caches)
    }

    // MARK: - Entries

    /// The file metadata that changes whenever the content changes.
    private struct State: Codable, Equatable {
        let device: UInt64
        let inode: UInt64
        /// bytes
        let size: Int64
        /// nanoseconds since 1970
        let modified: Int64
        let changed: Int64

        /// nil if the path is not a regular file
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            device = UInt64(truncatingIfNeeded: status.st_dev)
            inode = UInt64(truncatingIfNeeded: status.st_ino)
            size = Int64(status.st_size)
            #if canImport(Darwin)
                (modified, changed) = (Self.nanoseconds(status.st_mtimespec), Self.nanoseconds(status.st_ctimespec))
            #else
                (modified, changed) = (Self.nanoseconds(status.st_mtim), Self.nanoseconds(status.st_ctim))
            #endif
        }

        static func nanoseconds(_ time: timespec) -> Int64 {
            Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue &+ Int64(time.tv_nsec)
        }
    }

    private struct CachedDigest: Codable {
        let state: State
        let sha256: String
    }

    private static func read(_ entry: URL) -> CachedDigest? {
        guard let file = FileHandle(forReadingAtPath: entry.path), let data = try? file.read(upToCount: 4096),
            let cached = try? JSONDecoder().decode(CachedDigest.self, from: data), cached.sha256.utf8.count == 64,
            cached.sha256.allSatisfy({ "0123456789abcdef".contains($0) })
        else { return nil }
        return cached
    }

    private static func write(_ digest: CachedDigest, to entry: URL) {
        guard let data = try? JSONEncoder().encode(digest) else { return }
        try? FileManager.default.createDirectory(
            at: entry.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try? data.write(to: entry, options: .atomic)
    }
}

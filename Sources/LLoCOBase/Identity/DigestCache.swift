public import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// SHA-256 of large files, kept in the user's cache folder: a file that has not changed is not read again.
///
/// A file is known by device and inode. Its digest counts while size, modification time and change time are those of the
/// reading, to the nanosecond. A program can set the modification time of a file, not its change time.
public struct DigestCache: Sendable {
    /// The cache of this user: in `$XDG_CACHE_HOME/lloco`, else in `~/Library/Caches/lloco` on macOS and in
    /// `~/.cache/lloco` elsewhere.
    public static let user = DigestCache(folder: userFolder)

    /// Files below this many bytes are read at once each time: that takes no longer than looking them up.
    static let minimumSize = 1 << 20
    /// A file may be written to twice within one tick of its file system's clock, of which the second is not seen. So a
    /// digest is kept only where the last change lies so many nanoseconds back.
    static let minimumAge: Int64 = 2_000_000_000

    private let folder: URL?

    /// - Parameter folder: where digests are kept, a file each; nil to keep none
    public init(folder: URL?) {
        self.folder = folder
    }

    /// The SHA-256 of a file: 64 hexadecimal digits.
    ///
    /// - Parameter verifying: reads the file in any case
    /// - Throws: ``FileError`` where the file is missing or cannot be read. A cache that cannot be read or written is no
    ///   error.
    public func digest(ofFileAt path: String, verifying: Bool = false) throws -> String {
        guard let before = State(path), before.size >= Self.minimumSize, let entry = entry(of: before) else {
            return try Digest.sha256(fileAt: path)
        }
        if !verifying, let kept = Self.read(entry), kept.state == before { return kept.sha256 }
        let digest = try Digest.sha256(fileAt: path)
        var now = timespec()
        guard State(path) == before, clock_gettime(CLOCK_REALTIME, &now) == 0,
            State.nanoseconds(now) - max(before.changed, before.modified) >= Self.minimumAge
        else { return digest }
        Self.write(Kept(state: before, sha256: digest), to: entry)
        return digest
    }

    private func entry(of state: State) -> URL? { folder?.appending(path: "\(state.device)-\(state.inode).json") }

    private static var userFolder: URL? {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment["XDG_CACHE_HOME"], given.hasPrefix("/") {
            return URL(filePath: given, directoryHint: .isDirectory).appending(path: "lloco/digests")
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

    /// What tells one content of a file from another.
    private struct State: Codable, Equatable {
        let device: UInt64
        let inode: UInt64
        /// bytes
        let size: Int64
        /// nanoseconds since 1970
        let modified: Int64
        let changed: Int64

        /// nil where there is no such file
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

    private struct Kept: Codable {
        let state: State
        let sha256: String
    }

    private static func read(_ entry: URL) -> Kept? {
        guard let file = FileHandle(forReadingAtPath: entry.path), let data = try? file.read(upToCount: 4096),
            let kept = try? JSONDecoder().decode(Kept.self, from: data), kept.sha256.utf8.count == 64,
            kept.sha256.allSatisfy({ "0123456789abcdef".contains($0) })
        else { return nil }
        return kept
    }

    private static func write(_ kept: Kept, to entry: URL) {
        guard let data = try? JSONEncoder().encode(kept) else { return }
        try? FileManager.default.createDirectory(
            at: entry.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try? data.write(to: entry, options: .atomic)
    }
}

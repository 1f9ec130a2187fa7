import Foundation
import LLoCOBase
import LLoCOTestSupport
import Testing

/// Digests of unchanged files are cached; those of changed files are computed again.
@Suite struct DigestCacheTests {
    private let folder: TemporaryFolder
    private let file: URL
    private let cache: DigestCache
    private var entries: URL { folder.url.appending(path: "cache/digests") }

    init() throws {
        folder = try TemporaryFolder()
        file = folder.url.appending(path: "model.gguf")
        cache = DigestCache(folder: folder.url.appending(path: "cache/digests"))
        try write(7)
    }

    private func write(_ byte: UInt8, count: Int = 2 << 20) throws {
        try Data(repeating: byte, count: count).write(to: file)
    }

    /// Waits until the file's last change is old enough for its digest to be cached.
    private func waitUntilCacheable() async throws { try await Task.sleep(for: .milliseconds(2100)) }

    private func cachedEntries() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: entries, includingPropertiesForKeys: nil)
    }

    private func digest(verifying: Bool = false) throws -> String {
        try cache.digest(ofFileAt: file.path, verifying: verifying)
    }

    @Test func cachedDigestCountsUntilTheFileChanges() async throws {
        let first = try digest()
        #expect(try first == Digest.sha256(fileAt: file.path))
        #expect(!FileManager.default.fileExists(atPath: entries.path), "the last change is too recent")
        try await waitUntilCacheable()
        #expect(try digest() == first)
        // A different digest in the entry shows that the entry is used.
        let entry = try #require(cachedEntries().first)
        let other = String(repeating: "a", count: 64)
        let text = try String(contentsOf: entry, encoding: .utf8)
        try text.replacingOccurrences(of: first, with: other).write(to: entry, atomically: true, encoding: .utf8)
        #expect(try digest() == other)
        #expect(try digest(verifying: true) == first, "the file is read")
        #expect(try digest() == first, "the digest is cached again")
        #expect(try cachedEntries().count == 1)

        // The same size and modification time: only the change time differs.
        let times = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: Data([8]))
        try handle.close()
        try FileManager.default.setAttributes([.modificationDate: times as Any], ofItemAtPath: file.path)
        let second = try Digest.sha256(fileAt: file.path)
        #expect(try second != first && digest() == second)
        // Replace the file.
        try write(9)
        #expect(try digest() == Digest.sha256(fileAt: file.path))
    }

    @Test func malformedEntriesAreIgnored() async throws {
        try await waitUntilCacheable()
        let first = try digest()
        let entry = try #require(cachedEntries().first)
        for text in ["", "{", "[]", String(repeating: "x", count: 100_000), #"{"sha256":"short"}"#] {
            try text.write(to: entry, atomically: true, encoding: .utf8)
            #expect(try digest() == first)
        }
    }

    @Test func uncacheableFilesAreRead() async throws {
        try await waitUntilCacheable()
        // A file occupies the folder's path.
        try folder.write("occupied", [])
        let occupied = DigestCache(folder: folder.url.appending(path: "occupied/digests"))
        for cache in [occupied, DigestCache(folder: nil)] {
            #expect(try cache.digest(ofFileAt: file.path) == Digest.sha256(fileAt: file.path))
        }
        try write(1, count: 1000)
        try await waitUntilCacheable()
        #expect(try digest() == Digest.sha256(fileAt: file.path))
        #expect(!FileManager.default.fileExists(atPath: entries.path), "a small file is read each time")
        #expect(throws: FileError.self) { try cache.digest(ofFileAt: folder.url.appending(path: "none").path) }
        #expect(throws: FileError.self) { try cache.digest(ofFileAt: folder.url.path) }
    }
}

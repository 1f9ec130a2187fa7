import Foundation
import LLoCOBase
import LLoCOTestSupport
import Testing

/// Digests of files that have not changed are not computed again; those of files that have are.
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

    /// Waits until the file's last change is old enough to be kept.
    private func settle() async throws { try await Task.sleep(for: .milliseconds(2100)) }

    private func kept() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: entries, includingPropertiesForKeys: nil)
    }

    private func digest(verifying: Bool = false) throws -> String {
        try cache.digest(ofFileAt: file.path, verifying: verifying)
    }

    @Test func whatIsKeptCountsUntilTheFileChanges() async throws {
        let first = try digest()
        #expect(try first == Digest.sha256(fileAt: file.path))
        #expect(!FileManager.default.fileExists(atPath: entries.path), "changed a moment ago")
        try await settle()
        #expect(try digest() == first)
        // Another digest in the entry shows that it is what is read.
        let entry = try #require(kept().first)
        let other = String(repeating: "a", count: 64)
        let text = try String(contentsOf: entry, encoding: .utf8)
        try text.replacingOccurrences(of: first, with: other).write(to: entry, atomically: true, encoding: .utf8)
        #expect(try digest() == other)
        #expect(try digest(verifying: true) == first, "read again")
        #expect(try digest() == first, "and kept")
        #expect(try kept().count == 1)

        // The same size and modification time: only the change time tells.
        let times = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: Data([8]))
        try handle.close()
        try FileManager.default.setAttributes([.modificationDate: times as Any], ofItemAtPath: file.path)
        let second = try Digest.sha256(fileAt: file.path)
        #expect(try second != first && digest() == second)
        // Replaced by another file.
        try write(9)
        #expect(try digest() == Digest.sha256(fileAt: file.path))
    }

    @Test func entriesThatAreNone() async throws {
        try await settle()
        let first = try digest()
        let entry = try #require(kept().first)
        for text in ["", "{", "[]", String(repeating: "x", count: 100_000), #"{"sha256":"short"}"#] {
            try text.write(to: entry, atomically: true, encoding: .utf8)
            #expect(try digest() == first)
        }
    }

    @Test func whatCannotBeKept() async throws {
        try await settle()
        // A file is where the folder should be.
        try folder.write("occupied", [])
        let occupied = DigestCache(folder: folder.url.appending(path: "occupied/digests"))
        for cache in [occupied, DigestCache(folder: nil)] {
            #expect(try cache.digest(ofFileAt: file.path) == Digest.sha256(fileAt: file.path))
        }
        try write(1, count: 1000)
        try await settle()
        #expect(try digest() == Digest.sha256(fileAt: file.path))
        #expect(!FileManager.default.fileExists(atPath: entries.path), "a small file is read each time")
        #expect(throws: FileError.self) { try cache.digest(ofFileAt: folder.url.appending(path: "none").path) }
        #expect(throws: FileError.self) { try cache.digest(ofFileAt: folder.url.path) }
    }
}

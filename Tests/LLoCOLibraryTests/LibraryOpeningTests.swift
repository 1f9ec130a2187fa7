import Foundation
import LLoCOBase
import LLoCOLibrary
import LLoCOTestSupport
import Testing

@Suite struct LibraryOpeningTests {
    /// Expects that opening fails with a code and a one-line message that names the file, and leaves the folder
    /// unchanged.
    func expectRejected(
        _ path: String, _ code: LibraryError.Code, _ words: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = FileManager.default.contents(atPath: path)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let neighbours = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        for access in [SQLiteLibrary.Access.reading, .writing] {
            let error = #expect(throws: LibraryError.self, sourceLocation: sourceLocation) {
                _ = try SQLiteLibrary.open(path, for: access)
            }
            #expect(error?.code == code, sourceLocation: sourceLocation)
            let line = error?.description ?? ""
            #expect(
                line.contains(path) && (words.isEmpty || line.contains(words)) && !line.contains("\n"), "\(line)",
                sourceLocation: sourceLocation)
        }
        #expect(FileManager.default.contents(atPath: path) == before, sourceLocation: sourceLocation)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == neighbours,
            sourceLocation: sourceLocation)
    }

    @Test func onlyWritersCreate() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("new.lloco")
        let error = try #require(throws: LibraryError.self) { _ = try SQLiteLibrary.open(path, for: .reading) }
        #expect(error.code == .missing)
        #expect(error.description.contains(path) && error.hint == .createLibrary)
        #expect(try folder.contents() == [])
        _ = try SQLiteLibrary.open(path, for: .writing)
        let library = try SQLiteLibrary.open(path, for: .reading)
        #expect(try library.documents() == [])
        let refused = try #require(throws: LibraryError.self) {
            try library.upsertDocument(path: "x", text: "x", tokenCount: 1)
        }
        #expect(refused.code == .notWritable)
        let nowhere = try #require(throws: LibraryError.self) {
            _ = try SQLiteLibrary.open(folder.path("no/such/new.lloco"), for: .writing)
        }
        #expect(nowhere.code == .missing)
    }

    @Test func otherFilesAreRejectedAndUnchanged() throws {
        let folder = try TemporaryFolder()
        try expectRejected(try folder.write("text", text: String(repeating: "just a text ", count: 40)), .notALibrary)
        try expectRejected(try folder.write("short", text: "x"), .notALibrary, "too short")
        try expectRejected(try folder.write("empty", []), .notALibrary, "empty")
        try FileManager.default.createDirectory(atPath: folder.path("dir"), withIntermediateDirectories: true)
        try expectRejected(folder.path("dir"), .notALibrary, "directory")
        let header = Array("SQLite format 3\0".utf8)
        let other = try folder.write("other.db", header + [UInt8](repeating: 0, count: 4080))
        try expectRejected(other, .notALibrary, "another")
    }

    @Test func aNewerFormatIsRejectedAndUnchanged() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[63] = 200  // user_version, big-endian at offset 60
        try bytes.write(to: URL(fileURLWithPath: path))
        try expectRejected(path, .newerFormat, "format 200")
    }

    @Test func aTruncatedFileIsReported() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for share in [0.3, 0.6, 0.95] {
            let cut = bytes.prefix(Int(Double(bytes.count) * share))
            try cut.write(to: URL(fileURLWithPath: path))
            try expectRejected(path, .damaged, "truncated")
        }
        try bytes.prefix(60).write(to: URL(fileURLWithPath: path))
        try expectRejected(path, .notALibrary)
    }

    @Test func aSymbolicLinkOpensItsTarget() throws {
        let folder = try TemporaryFolder()
        do { try Sample.fill(try SQLiteLibrary.open(folder.path("a.lloco"), for: .writing)) }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"), withDestinationPath: folder.path("a.lloco"))
        let first = try SQLiteLibrary.open(folder.path("link"), for: .writing)
        #expect(try first.documents().count == 3)
        #expect(throws: LibraryError.self, "the lock belongs to the file, not to its name") {
            _ = try SQLiteLibrary.open(folder.path("a.lloco"), for: .writing, lockTimeout: .zero)
        }
    }

    @Test(.enabled(if: !Programs.isRoot, "root may write everywhere"))
    func aReadOnlyFolderIsReported() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.url.path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.url.path) }
        let error = try #require(throws: LibraryError.self) {
            _ = try SQLiteLibrary.open(folder.path("a.lloco"), for: .writing)
        }
        #expect(error.code == .notWritable)
    }
}

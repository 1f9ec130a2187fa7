import Foundation
import LLoCOLibrary
import LLoCOTestSupport
import Testing

@Suite(.serialized) struct LibraryLockingTests {
    @Test func aSecondWriterTimesOut() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        let first = try SQLiteLibrary.open(path, for: .writing)
        let waited = Counter()
        let started = ContinuousClock.now
        let error = try #require(throws: LibraryError.self) {
            _ = try SQLiteLibrary.open(path, for: .writing, lockTimeout: .milliseconds(300)) { message in
                waited.add(1)
                #expect(message.contains("\(ProcessInfo.processInfo.processIdentifier)"))
            }
        }
        #expect(error.code == .locked)
        #expect(error.description.contains("\(ProcessInfo.processInfo.processIdentifier)"))
        #expect(waited.value == 1)
        #expect(ContinuousClock.now - started >= .milliseconds(300))
        try Sample.fill(first)
        #expect(try SQLiteLibrary.open(path, for: .reading).documents().count == 3, "readers do not wait")
    }

    @Test func aSecondWriterWaitsForTheFirst() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        var first: SQLiteLibrary? = try SQLiteLibrary.open(path, for: .writing)
        try await first?.upsertDocument(path: "1", text: "one", tokenCount: 1).expectChange(.added)
        let waited = Counter()
        let second = Task.detached {
            let library = try SQLiteLibrary.open(path, for: .writing, lockTimeout: .seconds(20)) { _ in waited.add(1) }
            try library.upsertDocument(path: "2", text: "two", tokenCount: 1).expectChange(.added)
            return try library.documents().count
        }
        while waited.value == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try await first?.upsertDocument(path: "3", text: "three", tokenCount: 1).expectChange(.added)
        first = nil
        #expect(try await second.value == 3)
        #expect(try folder.contents() == ["a.lloco"])
    }

    @Test func manyWritersTakeTurns() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    for round in 0..<4 {
                        let library = try SQLiteLibrary.open(path, for: .writing, lockTimeout: .seconds(60))
                        _ = try library.upsertDocument(
                            path: "/\(writer)-\(round)", text: "text \(writer) \(round)", tokenCount: 1)
                    }
                }
            }
            try await group.waitForAll()
        }
        let library = try SQLiteLibrary.open(path, for: .reading)
        #expect(try await library.documents().count == 24)
        #expect(try library.verify() == [])
    }

    @Test(.enabled(if: Programs.find("flock") != nil, "no flock: apt-get install util-linux"))
    func anotherProcessHoldsTheLockUntilItIsKilled() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do { try Sample.fill(try SQLiteLibrary.open(path, for: .writing)) }
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: try #require(Programs.find("flock")))
        holder.arguments = ["--close", path + ".lock", "sh", "-c", "touch \(folder.path("held")); exec sleep 5"]
        try holder.run()
        defer { Programs.kill(holder) }
        while !FileManager.default.fileExists(atPath: folder.path("held")) { Thread.sleep(forTimeInterval: 0.01) }
        let error = try #require(throws: LibraryError.self) {
            _ = try SQLiteLibrary.open(path, for: .writing, lockTimeout: .milliseconds(200))
        }
        #expect(error.code == .locked)
        #expect(try SQLiteLibrary.open(path, for: .reading).documents().count == 3)
        Programs.kill(holder)
        let library = try SQLiteLibrary.open(path, for: .writing, lockTimeout: .seconds(10))
        #expect(try library.documents().count == 3)
    }
}

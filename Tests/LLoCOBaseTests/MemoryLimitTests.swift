import Foundation
import LLoCOBase
import Testing

@Suite struct MemoryLimitTests {
    /// Calls `body` with the root of a control group file system that has these files.
    private func withGroups<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws -> Result {
        let root = FileManager.default.temporaryDirectory.appending(path: "lloco-groups-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in files {
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return try body(root.path)
    }

    @Test func parentGroupsCount() throws {
        let files = ["memory.max": "max\n", "a/memory.max": "3000\n", "a/b/memory.max": "5000\n"]
        try withGroups(files) { root in
            #expect(MemoryLimit.smallest(groups: "0::/a/b\n", root: root) == 3000)
            #expect(MemoryLimit.smallest(groups: "0::/\n", root: root) == nil)
            #expect(MemoryLimit.smallest(groups: "", root: root) == nil)
        }
    }

    /// A container sees its own group as the root, while the path may be the host's.
    @Test func containersSeeTheirGroupAsTheRoot() throws {
        try withGroups(["memory.max": "7000\n"]) { root in
            #expect(MemoryLimit.smallest(groups: "0::/docker/123\n", root: root) == 7000)
        }
    }

    @Test func versionOneIsSupported() throws {
        try withGroups(["memory/x/memory.limit_in_bytes": "9000\n", "memory.max": "1\n"]) { root in
            let groups = "5:cpu,cpuacct:/x\n4:memory:/x\n1:name=systemd:/y\n"
            #expect(MemoryLimit.smallest(groups: groups, root: root) == 9000)
        }
    }

    @Test func limitDoesNotExceedTheMachinesMemory() {
        #expect(MemoryLimit.ofThisProcess > 0)
        #expect(MemoryLimit.ofThisProcess <= ProcessInfo.processInfo.physicalMemory)
    }
}

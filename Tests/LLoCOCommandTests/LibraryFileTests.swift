import Foundation
import LLoCOTestSupport
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Unusable library files, a full disk, and concurrent processes.
@Suite struct LibraryFileTests {
    static let commands = [
        ["list"], ["show", "river.txt"], ["remove", "river.txt"], ["ask", "q"] + Sample.segment,
        ["add", "a.txt"] + Sample.segment,
        ["finetune", "--group", "g", "--questions", "questions.jsonl"] + Sample.segment,
    ]

    /// Every command refuses the file in one line and does not change it.
    private func refused(_ content: Data?, _ part: String, except: Set<String> = []) async throws {
        let place = try await Workplace.furnished()
        try place.write("a.txt", text: "A text.")
        let library = place.folder.appending(path: "library.lloco")
        try FileManager.default.removeItem(at: library)
        if let content { try place.write("library.lloco", content) }
        let before = try FileManager.default.contentsOfDirectory(atPath: place.folder.path).sorted()
        for command in Self.commands where !except.contains(command[0]) {
            try await place.run(command).expectFailure("library.lloco", part)
            if let content { #expect(try place.bytes("library.lloco") == content) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: place.folder.path).sorted() == before)
        }
    }

    @Test func missing() async throws { try await refused(nil, "no such library", except: ["add"]) }

    @Test func empty() async throws { try await refused(Data(), "empty") }

    @Test func foreign() async throws {
        try await refused(
            Data(
                "This is a letter, not a library, and longer than a header of 100 bytes is. Indeed so: it goes on.".utf8
            ), "not a library")
    }

    @Test func newer() async throws {
        var content = try await Sample.library.value
        content[63] = 9
        try await refused(content, "newer lloco")
    }

    @Test func anotherApplications() async throws {
        var content = try await Sample.library.value
        content[68] ^= 0x20
        try await refused(content, "another application")
    }

    @Test func truncated() async throws {
        let content = try await Sample.library.value
        try await refused(content.prefix(content.count / 2), "truncated")
    }

    @Test func unwritable() async throws {
        let place = try await Workplace.furnished()
        try place.write("a.txt", text: "A text.")
        try await place.run(["add", "a.txt", "--library", "no/such/folder/x.lloco"] + Sample.segment)
            .expectFailure("no/such/folder")
        try await place.run(["add", "a.txt", "--library", "."] + Sample.segment).expectFailure("directory")
        #expect(!TestFiles.exists(place.folder.appending(path: "no")))
    }

    /// The option comes before the variable.
    @Test func theOptionComesBeforeTheVariable() async throws {
        let place = try Workplace(environment: ["LLOCO_LIBRARY": "named.lloco"])
        try place.write("a.txt", text: "A text.")
        try await place.run("add", "a.txt").expectSuccess()
        #expect(TestFiles.exists(place.folder.appending(path: "named.lloco")))
        #expect(!TestFiles.exists(place.folder.appending(path: "library.lloco")))
        try await place.run("list", "--library", "other.lloco").expectFailure("other.lloco")
        try await place.run("list", "--library", "named.lloco").expectSuccess()
    }

    /// A held lock: readers continue, a writer gives up after 30 s and names the holder.
    @Test func locked() async throws {
        let place = try await Workplace.furnished()
        try place.write("a.txt", text: "A text.")
        let content = try place.bytes("library.lloco")
        let descriptor = open(place.path("library.lloco.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        try #require(descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        defer { close(descriptor) }
        let writer = try await place.start(["add", "a.txt"] + Sample.segment, takesTurn: false)
        try await place.run("list").expectSuccess()
        let outcome = try await writer.end()
        #expect(outcome.status == 1 && outcome.outputText == "", "\(outcome)")
        #expect(outcome.errorLines.count == 2, "what it waits for, and that it gave up")
        #expect(outcome.errorLines.first?.contains("waiting for") == true)
        #expect(outcome.errorLines.last?.contains("locked") == true)
        #expect(try place.bytes("library.lloco") == content)
    }

    @Test func twoWritersAtOnce() async throws {
        let place = try await Workplace.furnished()
        for name in ["one", "two"] { try place.write("\(name).txt", text: Sample.text(name, sentences: 12)) }
        let first = try await place.start(["add", "one.txt", "--group", "g"] + Sample.segment, takesTurn: false)
        let second = try await place.start(["add", "two.txt", "--group", "g"] + Sample.segment, takesTurn: false)
        let outcomes = [try await first.end(), try await second.end()]
        for outcome in outcomes {
            outcome.expectSuccess()
            for line in outcome.errorLines { #expect(line.contains("waiting for process")) }
        }
        let entries = try await place.run("list", "--json").expectSuccess().objects()
        #expect(Set(entries.compactMap { $0["document"] as? String }).isSuperset(of: ["one.txt", "two.txt"]))
        #expect(try await LibraryContent(of: place).faults == [])
        // A reader does not wait for the writers.
        let writer = try await place.start(
            ["add", "one.txt", "two.txt", "--group", "h"] + Sample.segment, takesTurn: false)
        for _ in 0..<3 { try await place.run("list").expectSuccess() }
        try await writer.end().expectSuccess()
    }

    /// A disk with room for the library but not for the new documents.
    @Test func fullDisk() async throws {
        let place = try await Workplace.furnished()
        try place.write("big.txt", text: Sample.text("big", sentences: 300))
        let content = try place.bytes("library.lloco")
        let size = content.count / 1024 + 40
        let outcome = try await place.shell(
            """
            mkdir disk && exec unshare --user --map-root-user --mount /bin/sh -c '
                mount -t tmpfs -o size=\(size)k tmpfs disk && cp library.lloco disk/ || exit 99
                "$LLOCO" add big.txt --group g --library disk/library.lloco --segment 20; status=$?
                cp disk/library.lloco after.lloco
                exit $status'
            """)
        // Without such a disk the limit on the file size below is tested alone.
        let isMade =
            outcome.status != 99 && !outcome.errorText.contains("unshare") && !outcome.errorText.contains("mount:")
        if isMade {
            outcome.expectFailure("disk/library.lloco", "full")
            let after = try await LibraryContent(of: place, file: "after.lloco")
            #expect(after.faults == [])
            #expect(try await after.documents(finished: true) == LibraryContent(of: place).documents(finished: true))
        }
        #expect(try place.bytes("library.lloco") == content)
    }

    @Test func filesMayNotGrow() async throws {
        let place = try await Workplace.furnished()
        try place.write("big.txt", text: Sample.text("big", sentences: 300))
        let before = try await LibraryContent(of: place)
        // Blocks of 512 bytes. The signal of the limit is ignored, so that writing fails.
        let blocks = try place.bytes("library.lloco").count / 512 + 40
        let outcome = try await place.shell(
            "trap '' XFSZ; ulimit -f \(blocks); exec \"$LLOCO\" add big.txt --group g --segment 20")
        outcome.expectFailure("library.lloco")
        let after = try await LibraryContent(of: place)
        #expect(after.faults == [])
        #expect(after.documents(finished: true) == before.documents(finished: true))
        // With room again the same command resumes.
        try await place.run(["add", "big.txt", "--group", "g"] + Sample.segment).expectSuccess()
        let compress = try await place.shell(
            "trap '' XFSZ; ulimit -f 1; exec \"$LLOCO\" compress --ids 5,6,7 --segment 1 --out v.safetensors")
        compress.expectFailure("v.safetensors")
        #expect(!TestFiles.exists(place.folder.appending(path: "v.safetensors")))
    }

    @Test(.enabled(if: Workplace.isLinux, "only Linux has /dev/full")) func outputThatCannotBeWritten() async throws {
        let place = try await Workplace.furnished()
        try #require(FileManager.default.fileExists(atPath: "/dev/full"))
        for command in ["list", "list --json", "show river.txt --text", "tokenize questions.jsonl"] {
            let outcome = try await place.shell("exec \"$LLOCO\" \(command) > /dev/full")
            outcome.expectFailure("stdout")
        }
        try await place.shell("exec \"$LLOCO\" list 2> /dev/full").expectSuccess()
    }
}

import Foundation
import LLoCOBase
import Testing

/// The end of the command's process.
@Suite struct EndTests {
    /// The loader reports libraries that it unloads. `exit` would unload libtorch, whose destructors take 0.15 s.
    @Test(.enabled(if: Workplace.isLinux, "only glibc's loader reports it")) func noLibraryIsUnloaded() async throws {
        let place = try await Workplace.furnished()
        for (command, status) in [
            ("list", 0), ("list --json > /dev/full", 1), ("ask 'What is item 1?' --max-tokens 2 --segment 20", 0),
            ("show none", 1), ("--version", 0), ("--help", 0), ("help add", 0), ("list --none", 64), ("doctor", 0),
            ("doctor --model none", 1),
            ("generate x --ids 1", 64),
        ] {
            let script = "LD_DEBUG=files LD_DEBUG_OUTPUT=loader \"$LLOCO\" \(command)"
            #expect(try await place.shell(script).status == status, "\(command)")
            let reports = try place.files().filter { $0.hasPrefix("loader.") }
            let output = try reports.map { try String(decoding: place.bytes($0), as: UTF8.self) }.joined()
            let (isLoaded, isTakenDown) = (output.contains("libtorch_cpu"), output.contains("calling fini"))
            #expect(isLoaded && !isTakenDown, "\(command)")
            for report in reports { try FileManager.default.removeItem(atPath: place.path(report)) }
        }
    }

    /// Files are closed and removed, and the output is complete.
    @Test func noFileIsLeft() async throws {
        let place = try await Workplace.furnished()
        try place.write("more.txt", text: Sample.text("wood", sentences: 3))
        let before = try place.files()
        for command in [
            ["add", "more.txt"] + Sample.segment, ["add", "none.txt"],
            ["ask", "What?", "--max-tokens", "2"] + Sample.segment,
            ["ask", "What?", "--group", "none"], ["remove", "more.txt"], ["remove", "none.txt"],
        ] {
            _ = try await place.run(command)
            #expect(try place.files() == before, "\(command)")
        }
        #expect(
            try await place.run("--help").expectSuccess().outputText.hasSuffix(
                "'lloco help <subcommand>' for detailed help.\n"))
        #expect(try await place.run("--version").outputText == "\(Release.version)\n")
    }
}

extension Workplace {
    fileprivate func files() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
    }
}

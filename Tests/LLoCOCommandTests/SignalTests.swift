import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Closed pipes and Ctrl-C.
@Suite struct SignalTests {
    @Test func aReaderThatStopsReading() async throws {
        let place = try await Workplace.furnished()
        // More than a pipe holds, so that the command still writes when its reader has closed it.
        try place.write("long.txt", text: Sample.text("long", sentences: 20_000))
        for script in [
            "\"$LLOCO\" list | head -n 1", "\"$LLOCO\" list --json | head -n 1",
            "\"$LLOCO\" tokenize long.txt | head -c 10", "\"$LLOCO\" tokenize long.txt --json | true",
            "\"$LLOCO\" generate 'The river' --max-tokens 200 | head -c 1",
        ] {
            // swift-nio ignores the signal in this process, and a child would inherit that. It does not inherit a
            // handler.
            signal(SIGPIPE) { _ in }
            let outcome = try await place.shell(script)
            outcome.expectSuccess()
            #expect(outcome.errorText == "", "\(script): \(outcome.errorText)")
            #expect(outcome.seconds < 60)
        }
        // If the caller ignores the signal, it is one line, not a crash.
        let ignored = try await place.shell("trap '' PIPE; { \"$LLOCO\" tokenize long.txt; echo $? > status; } | true")
        #expect(try String(decoding: place.bytes("status"), as: UTF8.self) == "1\n")
        #expect(ignored.errorLines.count <= 1, "\(ignored)")
    }

    @Test func interrupted() async throws {
        // A shell starts a background job with the signal ignored, and its children inherit that.
        let former = signal(SIGINT, SIG_DFL)
        defer { _ = signal(SIGINT, former) }
        let names = (0..<8).map { "\($0).txt" }
        let arguments = ["add"] + names + ["--json"] + Sample.segment
        var (place, outcome) = try await interruption(of: arguments, names)
        // Beside other tests this test may run on only after the command has ended.
        for _ in 0..<9 where outcome.signal == nil && outcome.status == 0 {
            (place, outcome) = try await interruption(of: arguments, names)
        }
        #expect(outcome.signal == SIGINT || outcome.status == 130, "\(outcome)")
        #expect(!outcome.outputText.isEmpty && outcome.seconds < 60)
        let left = try await LibraryContent(of: place)
        #expect(left.faults == [])
        #expect(left.documents(finished: true).keys.contains("0.txt"))
        try await place.run(arguments).expectSuccess()
        #expect(try await LibraryContent(of: place).documents(finished: true).count == names.count)
    }

    /// Starts an addition and interrupts it after its first document.
    private func interruption(of arguments: [String], _ names: [String]) async throws -> (Workplace, Outcome) {
        let place = try Workplace()
        for name in names { try place.write(name, text: Sample.text("river \(name)", sentences: 60)) }
        let command = try await place.start(arguments)
        while command.isRunning, command.printedLines == 0 { try await Task.sleep(for: .milliseconds(5)) }
        command.send(SIGINT)
        return (place, try await command.end())
    }
}

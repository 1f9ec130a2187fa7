import Foundation
import Testing

/// Names and texts from outside must not control the terminal.
@Suite struct TerminalTests {
    static let wild = "wild\u{1B}[2J\u{7}\rname\u{202E}.txt"
    static let group = "gr\u{1B}]0;title\u{7}oup"
    static let text = "The river rose.\u{1B}[31m It fell again in the year of the mill.\n"

    /// The output has no control characters but line ends.
    private func expectTame(_ outcome: Outcome, location: SourceLocation = #_sourceLocation) {
        for text in [outcome.outputText, outcome.errorText] {
            let controls = text.unicodeScalars.filter {
                [.control, .format].contains($0.properties.generalCategory) && $0 != "\n"
            }
            #expect(controls.isEmpty, "\(text.debugDescription)", sourceLocation: location)
        }
    }

    @Test func namesAreEscaped() async throws {
        let place = try Workplace()
        try place.write(Self.wild, text: Self.text)
        let library = ["--library", "l\u{1B}[1m.lloco"]
        let add = try await place.run(["add", Self.wild, "--group", Self.group] + Sample.segment + library)
        expectTame(add.expectSuccess())
        #expect(add.outputText.contains("\\u{1B}") && add.outputText.hasSuffix("\n"))
        #expect(add.outputText.split(separator: "\n").count == 1)
        for command in [["list"], ["show", Self.wild], ["show", "none\u{1B}[2J"], ["list", "--group", Self.group]] {
            let run = try await place.run(command + library)
            expectTame(run)
            #expect((run.outputText + run.errorText).contains("\\u{1B}"), "\(run)")
        }
        let moved = try await place.run(["add", Self.wild, "--group", "h\u{1B}[1m"] + Sample.segment + library)
        expectTame(moved.expectSuccess())
        #expect(moved.errorText.contains("was moved from group"))
        let doctor = try await place.run(["doctor", "--model", "no\u{1B}[2J"] + library)
        expectTame(doctor)
        #expect(doctor.outputText.contains("no\\u{1B}[2J") && doctor.outputText.contains("l\\u{1B}[1m.lloco"))
        expectTame(try await place.run(["remove", Self.wild] + library).expectSuccess())
    }

    /// JSON and a document's text are not escaped.
    @Test func contentIsNotEscaped() async throws {
        let place = try Workplace()
        try place.write(Self.wild, text: Self.text)
        let added = try await place.run(["add", Self.wild, "--group", Self.group, "--json"] + Sample.segment).object()
        #expect(added["document"] as? String == Self.wild && added["group"] as? String == Self.group)
        #expect(try await place.run("list", "--json").object()["document"] as? String == Self.wild)
        #expect(try await place.run("show", Self.wild, "--text").expectSuccess().outputText == Self.text)
        let shown = try await place.run("show", Self.wild, "--text", "--json").object()
        #expect(shown["document"] as? String == Self.wild && shown["text"] as? String == Self.text)
        let answer = try await place.run(
            ["ask", "What rose?", "--document", Self.wild, "--max-tokens", "2", "--json"] + Sample.segment
        ).object()
        #expect(answer["documents"] as? [String] == [Self.wild])
    }

    @Test func omissionsAndSourcesAreEscaped() async throws {
        let place = try Workplace()
        try place.write(Self.wild, text: Sample.text("long", sentences: 30))
        try await place.run(["add", Self.wild, "--group", "g"] + Sample.segment).expectSuccess()
        let ask = ["ask", "item", "--document", Self.wild, "--mode", "full", "--max-tokens", "2"] + Sample.segment
        let run = try await place.run(ask).expectSuccess()
        #expect(run.errorText.contains("\\u{1B}[2J") && run.errorText.contains("was truncated in the middle"))
        #expect(!run.errorText.contains("\u{1B}"))
        // The lines after the answer, which is the model's own text.
        let answer = try #require(try await place.run(ask + ["--json"]).object()["answer"] as? String)
        let behind = run.outputText.dropFirst(answer.count)
        #expect(behind.contains("full from wild\\u{1B}[2J") && !behind.contains("\u{1B}"))
    }

    @Test func argumentsAreEscaped() async throws {
        let place = try Workplace()
        for command in [
            ["fro\u{1B}[2J"], ["list", "--fro\u{1B}[2J"], ["ask", "q", "--mode", "\u{1B}[2J"], ["list", "\u{1B}[2J"],
            ["evaluate", "x", "--modes", "\u{1B}[2J"], ["add", "x", "--device", "\u{1B}[2J"],
        ] {
            let run = try await place.run(command)
            run.expectUsage("\\u{1B}[2J")
            expectTame(run)
        }
    }
}

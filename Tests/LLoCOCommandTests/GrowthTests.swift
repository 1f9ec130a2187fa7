import Foundation
import Testing

/// Adding again, growing, moving: kept content is kept byte for byte.
@Suite struct GrowthTests {
    private func add(_ place: Workplace, _ paths: String..., group: String? = "g") async throws -> [[String: Any]] {
        try await place.run(
            ["add"] + paths + (group.map { ["--group", $0] } ?? []) + ["--json"] + Sample.segment
        ).expectSuccess().objects()
    }

    @Test func addingAgainChangesNothing() async throws {
        let place = try Workplace()
        try place.write("docs/a.txt", text: Sample.text("river", sentences: 5))
        try place.write("docs/deep/b.md", text: Sample.text("mill", sentences: 3))
        try place.write("docs/c.html", text: "<html><body><p>The letter &amp; the road.</p></body></html>")
        try place.write("docs/d.bin", [0, 1, 2])
        let first = try await add(place, "docs")
        #expect(first.compactMap { $0["document"] as? String } == ["a.txt", "c.html", "b.md"])
        let bytes = try place.bytes("library.lloco")
        let again = try await add(place, "docs")
        #expect(try place.bytes("library.lloco") == bytes, "not a byte of the file")
        for (one, other) in zip(first, again) {
            for name in ["tokens", "vectors"] { #expect(one[name] as? Int == other[name] as? Int) }
        }
        // Another spelling of the path is the same document.
        _ = try await add(place, place.path("docs/deep/../a.txt"), "./docs//c.html")
        #expect(try await LibraryContent(of: place).documents().count == 3)
        let text = try await place.run(["add", "docs/a.txt"] + Sample.segment).expectSuccess()
        #expect(text.outputText.contains("unchanged"))
    }

    @Test func aGrownFileAddsItsTail() async throws {
        let place = try Workplace()
        let text = Sample.text("river", sentences: 9)
        try place.write("a.txt", text: text)
        try place.write("b.txt", text: Sample.text("mill", sentences: 2))
        _ = try await add(place, "a.txt", "b.txt")
        let before = try await LibraryContent(of: place)
        try place.write("a.txt", text: text + "And then it rained for a week, and the road was gone.\n")
        let run = try await place.run(["add", "a.txt"] + Sample.segment).expectSuccess()
        let match = try #require(run.outputText.firstMatch(of: /(\d+) tokens compressed/))
        let tokens = Int(match.1) ?? 0
        #expect(tokens < 80, "only the tail: \(run.outputText)")
        let grown = try await LibraryContent(of: place)
        let fresh = try Workplace()
        try fresh.write("a.txt", try place.bytes("a.txt"))
        _ = try await add(fresh, "a.txt")
        #expect(try await LibraryContent(of: fresh).documents()["a.txt"] == grown.documents()["a.txt"])
        #expect(grown.documents()["b.txt"] == before.documents()["b.txt"])
        #expect(grown.embeddedPassages == grown.passages && grown.faults == [])
    }

    @Test func movingToAnotherGroup() async throws {
        let place = try await Workplace.furnished()
        try place.write("river.txt", text: Sample.text("river", sentences: 6))
        let before = try #require(try await LibraryContent(of: place).documents()["river.txt"])
        let path = try await place.run("show", "river.txt").outputText
        #expect(path.contains("river.txt"))
        // The shared library was made in another folder: this path is another document.
        let other = try await add(place, "river.txt", group: "new")
        #expect(other.count == 1)
        let name = try #require(other[0]["document"] as? String)
        #expect(name != "river.txt")
        let moved = try await place.run(["add", "river.txt", "--group", "h"] + Sample.segment).expectSuccess()
        #expect(moved.errorLines.count == 1 && moved.errorText.contains("'new' to 'h'"))
        #expect(moved.outputText.contains("unchanged"))
        let after = try await LibraryContent(of: place).documents()
        #expect(after[name]?.group == "h" && after[name]?.vectors == before.vectors)
        // Without a group a known document stays in its group.
        #expect(try await add(place, "river.txt", group: nil)[0]["group"] as? String == "h")
    }

    @Test func removedIsGone() async throws {
        let place = try await Workplace.furnished()
        try await place.run("remove", "river.txt").expectSuccess()
        #expect(try await LibraryContent(of: place).documents().keys.sorted() == ["letter.txt", "mill.txt"])
        let ask = try await place.run(
            ["ask", "item of the river", "--mode", "retrieval", "--max-tokens", "2", "--json"] + Sample.segment
        ).object()
        let passages = try #require(ask["passages"] as? [[String: Any]])
        #expect(!passages.contains { $0["document"] as? String == "river.txt" })
        try await place.run("show", "river.txt").expectFailure("river.txt")
        // The group keeps its adapter.
        #expect(try await LibraryContent(of: place).adapters["g"]?.count == 1)
    }
}

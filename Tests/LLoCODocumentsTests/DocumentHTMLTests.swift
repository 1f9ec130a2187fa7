import Foundation
import LLoCOBase
import LLoCODocuments
import LLoCOTestSupport
import Testing

@Suite struct DocumentHTMLTests {
    let reader = DocumentReader()

    func text(_ html: String) throws -> String {
        try reader.read(Data(html.utf8), path: "page.html", kind: .html).text
    }

    @Test func markupIsRemovedAndBlocksAreSeparated() throws {
        let html = """
            <!DOCTYPE html><html><head><title>A &amp; B</title><meta charset="utf-8">
            <style>p { color: red }</style><script>if (a < b) { document.write("</p>"); }</script></head>
            <body><!-- a > comment --><h1>Head<b>ing</b></h1>
            <p>First   line
            goes <i>on</i>.<br>Second line.</p><ul><li>one</li><li>two</ul>
            <table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>
            <a title="x > y" href='#'>link</a></body></html>
            """
        #expect(
            try text(html)
                == "A & B\n\nHeading\n\nFirst line goes on.\nSecond line.\n\none\ntwo\n\n1 2\n3\n\nlink")
    }

    @Test func preformattedTextKeepsItsBlanks() throws {
        #expect(try text("<p>a  b</p><pre>\n  x\n    y</pre>z  z").contains("  x\n    y\n\nz z"))
    }

    @Test func characterReferencesAreDecoded() throws {
        #expect(
            try text("&lt;tag&gt; &eacute;&Eacute; &#233;&#xE9;&#XE9; &hellip; &euro; &copy 2024 &AMP")
                == "<tag> éÉ ééé … € © 2024 &AMP")
        #expect(try text("a&nbsp;b &Omega;&omega;&sigmaf;&sigma; &yuml;&thorn;&frac12;") == "a b Ωωςσ ÿþ½")
        #expect(try text("&hearts;&diams;&rang;&lfloor;&sdot;&bdquo;&rdquo;") == "♥♦\u{232A}⌊⋅„”")
        #expect(
            try text("&#0;&#xD800;&#x110000;&#99999999999999999999;|&#150;") == "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}|–")
        #expect(try text("AT&T &; &# &#x; &nosuch; R&D&lt") == "AT&T &; &# &#x; &nosuch; R&D<")
    }

    @Test func textThatIsNotATagIsKept() throws {
        #expect(try text("1 < 2 and 3 > 2, a <- b, </ 5> <") == "1 < 2 and 3 > 2, a <- b, </ 5> <")
        #expect(try text("x<p title=it's>y</P >z") == "x\n\ny\n\nz")
        #expect(try text("<SCRIPT>no</sCript >yes<br/>more<script src=a></script>") == "yes\nmore")
    }

    @Test func truncatedPagesAreRefused() {
        for page in [
            "text <!-- never closed", "text <script> var x", "text <a href=\"x", "text <di", "<style>p", "a<?php",
            "<![CDATA[ x",
        ] {
            let error = #expect(throws: DocumentError.self) { try text(page) }
            #expect(error?.code == .truncated, "\(page)")
            #expect(error?.description.contains("byte") == true)
        }
    }

    @Test func charsetsAreHonoured() throws {
        let head = Array("<meta charset=ISO-8859-1><p>caf".utf8)
        #expect(try reader.read(Data(head + [0xE9, 0x20, 0x80]), path: "x.html", kind: .html).text == "café €")
        let utf8 = Array("<meta charset=utf-8><p>caf".utf8)
        #expect(throws: DocumentError.self) { try reader.read(Data(utf8 + [0xE9]), path: "x.html", kind: .html) }
        let xml = "<?xml version='1.0' encoding='windows-1252'?><html><script src='x'/><p>".utf8
        #expect(try reader.read(Data(Array(xml) + [0x93, 0x94]), path: "x.html", kind: .html).text == "“”")
        let other = "<meta http-equiv=content-type content='text/html; charset=Shift_JIS'>text".utf8
        let error = #expect(throws: DocumentError.self) { try reader.read(Data(other), path: "x.html", kind: .html) }
        #expect(error?.code == .encoding)
        #expect(error?.description.contains("iconv -f shift_jis") == true)
    }

    @Test func kindFollowsNameOrFirstBytes() throws {
        let folder = try TemporaryFolder()
        for name in ["a.html", "a.HTM", "page"] {
            #expect(try reader.read(try folder.write(name, text: "\n<!doctype HTML><p>text</p>")).text == "text")
        }
        #expect(try reader.read(try folder.write("a.txt", text: "<p>text</p>")).text == "<p>text</p>")
        let empty = try folder.write("empty.html", text: "<p> <script>x</script></p>")
        let error = #expect(throws: DocumentError.self) { try reader.read(empty) }
        #expect(error?.code == .empty)
    }

    /// Any input gives a text or an error in linear time.
    @Test func randomInputIsHandled() throws {
        var generator = SplitMix64(seed: 5)
        let parts = [
            "<", ">", "</", "<p", "<a href=", "\"", "'", "=", "&", "&#", "&#x", ";", "<!--", "-->", "pre", "<script>",
            "</script>", "é", "\u{A0}", " ", "\n", "text", "<![CDATA[", "]]>", "<?", "/>", "<svg", "1",
        ]
        var read = 0
        for _ in 0..<2000 {
            let html = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                parts.randomElement(using: &generator)!
            }
            .joined()
            do {
                _ = try text(html)
                read += 1
            } catch let error as DocumentError {
                #expect(!error.description.contains("\n"))
            }
        }
        #expect(read > 200)
        let started = ContinuousClock.now
        for page in [
            String(repeating: "<a ", count: 300_000), String(repeating: "<x b=\"", count: 150_001),
            String(repeating: "&#x", count: 300_000), String(repeating: "</", count: 400_000),
            String(repeating: "<script>", count: 100_000),
        ] {
            _ = try? text(page)
        }
        #expect(ContinuousClock.now - started < .seconds(30))
    }
}

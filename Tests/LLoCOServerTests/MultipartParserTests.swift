import LLoCOBase
import LLoCOServer
import Testing

@Suite struct MultipartParserTests {
    private typealias Event = MultipartParser.Event
    private static let type = #"multipart/form-data; boundary="b;1""#

    private static func body(_ parts: [(headers: String, content: String)], last: String = "--") -> [UInt8] {
        Array((parts.map { "--b;1\r\n\($0.headers)\r\n\r\n\($0.content)\r\n" }.joined() + "--b;1\(last)\r\n").utf8)
    }

    /// The events of a body that arrives in chunks of `chunkSize` bytes. Consecutive data events are joined.
    private func events(_ body: [UInt8], chunkSize: Int) throws -> [Event] {
        var parser = try MultipartParser(contentType: Self.type)
        var events: [Event] = []
        for start in stride(from: 0, to: body.count, by: chunkSize) {
            for event in try parser.append(body[start..<min(body.count, start + chunkSize)]) {
                if case .data(let more) = event, case .data(let before) = events.last {
                    events[events.count - 1] = .data(before + more)
                } else {
                    events.append(event)
                }
            }
        }
        try parser.finish()
        return events
    }

    @Test func eventsDoNotDependOnTheChunkSize() throws {
        let content = "a\r\n--b;\r\n--b;0\r\n\r\n\r\r\n--"
        let body = Self.body([
            (#"Content-Disposition: form-data; name="group""#, "work"),
            (
                "Content-Type: text/plain\r\ncontent-disposition:form-data;name=file; filename=\"a %22b\\\" ü.txt\"",
                content
            ), (#"Content-Disposition: form-data; name="file"; filename="empty""#, ""),
        ])
        for chunkSize in [1, 2, 3, 7, 64, 10_000] {
            #expect(
                try events(body, chunkSize: chunkSize) == [
                    .begin(name: "group", fileName: nil), .data(Array("work".utf8)), .end,
                    .begin(name: "file", fileName: "a \"b\" ü.txt"), .data(Array(content.utf8)), .end,
                    .begin(name: "file", fileName: "empty"), .end,
                ])
        }
    }

    @Test(arguments: [
        ("application/json", "multipart/form-data"), ("multipart/form-data", "boundary"),
        ("multipart/form-data; boundary=", "boundary"),
        ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), "boundary"),
    ])
    func invalidContentTypesAreRefused(type: String, part: String) {
        let fault = #expect(throws: MultipartParser.Fault.self) { try MultipartParser(contentType: type) }
        #expect(fault?.reason.contains(part) == true)
    }

    @Test func malformedBodiesAreRefused() throws {
        let disposition = #"Content-Disposition: form-data; name="f""#
        let cases: [([UInt8], String)] = [
            (Array("--b;1\r\n".utf8), "ends before"), (Self.body([(disposition, "x")], last: "x"), "no line end"),
            (Self.body([("X: y", "x")]), "no Content-Disposition"), (Self.body([("no colon", "x")]), "no colon"),
            (Self.body([(disposition + "\r\nContent-Transfer-Encoding: base64", "eA==")]), "not supported"),
            (Self.body([("X: " + String(repeating: "y", count: 9000), "x")]), "too long"),
            (Array(repeating: 120, count: 9000), "does not begin with a boundary"),
            (Self.body([("Content-Disposition: attachment; name=f", "x")]), "form-data with a name"),
        ]
        for (body, part) in cases {
            let fault = #expect(throws: MultipartParser.Fault.self) { try events(body, chunkSize: 100) }
            #expect(fault?.reason.contains(part) == true, "\(String(describing: fault))")
        }
    }

    /// Random bodies give the same events, or the same fault, for every chunk size.
    @Test func randomBodiesGiveTheSameResultForEveryChunkSize() throws {
        var draws = SplitMix64(seed: 5)
        let fragments = [
            "--b;1", "\r\n", "--", "\r", "\n", "Content-Disposition: form-data; name=\"f\"", "x", ":", "\"", ";",
        ]
        for _ in 0..<3000 {
            var body = Array("--b;1\r\nContent-Disposition: form-data; name=f\r\n\r\n".utf8)
            if Bool.random(using: &draws) { body = [] }
            for _ in 0..<Int.random(in: 0..<12, using: &draws) {
                body += Array(fragments[Int.random(in: 0..<fragments.count, using: &draws)].utf8)
            }
            let texts = [1, 5, 1000].map { size in "\(Result { try events(body, chunkSize: size) })" }
            #expect(Set(texts).count == 1, "\(String(decoding: body, as: UTF8.self).debugDescription): \(texts)")
        }
    }

    @Test func safeNamesHaveNoFolder() throws {
        for (name, safe) in [
            ("a.txt", "a.txt"), ("../../etc/passwd", "passwd"), (#"C:\x\b.pdf"#, "b.pdf"), (".x", ".x"),
        ] {
            #expect(try Uploads.safeName(name) == safe)
        }
        for name in ["", ".", "..", "a/..", "/", "a\u{0}b", "x\n", String(repeating: "x", count: 201)] {
            #expect(throws: (any Error).self) { try Uploads.safeName(name) }
        }
    }

    @Test func byteRangesAreParsed() {
        let cases: [(String, Range<Int>?)] = [
            ("bytes=0-9", 0..<10), ("bytes=5-", 5..<20), ("bytes=-3", 17..<20), ("bytes=0-99", 0..<20),
            ("bytes=-99", 0..<20), ("Bytes=19-19", 19..<20), ("bytes=20-", nil), ("bytes=5-4", nil), ("bytes=-0", nil),
            ("bytes=", nil), ("bytes=-", nil), ("bytes=1-2,4-5", nil), ("lines=1-2", nil), ("bytes=a-", nil),
            ("bytes=0-99999999999999999999", nil), ("bytes=0-9223372036854775807", 0..<20),
        ]
        for (field, range) in cases { #expect(ByteRange(field)?.range(in: 20) == range, "\(field)") }
        #expect(ByteRange("bytes=-5")?.range(in: 0) == nil)
    }
}

import Foundation
import LLoCOBase
import LLoCODocuments
import Testing

@Suite struct QuestionSetTests {
    private static let first = """
        {"id":"d1","title":"One","document":"Text of one.","source":"ignored",\
        "questions":[{"id":"q1","question":"Which?","answers":["This","this one"]},\
        {"id":"q2","question":"Où est-ce?","answers":["Là \\u00e9"]}]}
        """
    private static let second = #"{"id":"d2","title":"Two","document":"Text of two.","questions":[]}"#
    private static let expected = QuestionSet(documents: [
        QuestionDocument(
            id: "d1", title: "One", document: "Text of one.",
            questions: [
                Question(id: "q1", text: "Which?", answers: ["This", "this one"]),
                Question(id: "q2", text: "Où est-ce?", answers: ["Là é"]),
            ]),
        QuestionDocument(id: "d2", title: "Two", document: "Text of two.", questions: []),
    ])

    /// Lines are read in order with any line endings, blank lines and a byte order mark.
    @Test func linesAreReadInOrder() throws {
        for text in ["\(Self.first)\n\(Self.second)\n", "\u{FEFF}\n\(Self.first)\r\n \r\n\(Self.second)"] {
            let set = try read(Array(text.utf8))
            #expect(set == Self.expected)
            #expect(set.questionCount == 2)
        }
    }

    /// Gzip is detected by content: one member, several, zeros after them, many pieces.
    @Test func gzipIsDetected() throws {
        let text = Array("\(Self.first)\n\(Self.second)\n".utf8)
        #expect(try read(Gzip.stored(text)) == Self.expected)
        let half = text.count / 2
        let members = Gzip.stored(text[..<half]) + Gzip.stored(text[half...]) + Gzip.stored([])
        #expect(try read(members + [UInt8](repeating: 0, count: 700)) == Self.expected)

        let document = String(repeating: "word ", count: 200_000)
        let long = #"{"id":"l","title":"l","document":"\#(document)","questions":[]}"#
        let set = try read(Gzip.stored(Array((long + "\n" + Self.first).utf8)))
        #expect(set.documents.map(\.document) == [document, "Text of one."])
    }

    /// Compressed gzip, as Python's gzip.compress writes it.
    @Test func deflatedGzipIsRead() throws {
        let base64 = """
            H4sIAAAAAAACA+3XvQ6CMBSG4d2rIJ0dOPLv4oUYBmI7kCgEKGEg3LuWaOLod1a/pck5bZdne1fTWnOOjI3NMTK+9X
            cXRh8m29/mh+t8WCz9aKO/PILEMLvJt303vSiu65tsiL+vdqRL2DTdtLhxf2oaU2/1dvh8sUJlVFlw5ROVUeUTrpxQ
            GVVOcOWUyqhyiitnVEaVM1w5pzKqnOPKBZVR5QJXLqmMKpe4ckVlVLlSVAnjD88STf0x/3BnRf8JAxB3VhSgMAFxZ0
            UDCiMQd1ZUoDADcWdFBwpDEHdWlKAwBXFnRQsKYxB3VtSgMAdx59978AnJgxycDBwAAA==
            """
        let data = try #require(Data(base64Encoded: base64, options: .ignoreUnknownCharacters))
        let set = try read(Array(data))
        #expect(set.documents.map(\.id) == (0..<20).map { "d\($0)" })
        #expect(set.documents.allSatisfy { $0.document == String(repeating: "word ", count: 50) })
        #expect(set.questionCount == 20)
    }

    /// The error for damaged gzip names the file and the line of the fault.
    @Test func damagedGzipIsRefused() {
        let text = Array("\(Self.first)\n\(Self.second)\n".utf8)
        let whole = Gzip.stored(text)
        expect(Array(whole.dropLast(3)), line: 3, "ends early")
        expect(Array(whole.prefix(6)), line: 1, "ends early")
        expect(whole + Array("tail".utf8), line: 3, "damaged")
        var flipped = whole
        flipped[30] ^= 0x20
        // The checksum is wrong, so the whole piece is dropped.
        expect(flipped, line: 1, "damaged")
        // A complete member with half a line, and a member with an unknown method.
        expect(Gzip.stored(text[..<(text.count - 20)]), line: 2, "not valid JSON")
        expect([0x1F, 0x8B, 0x00, 0x00], line: 1, "damaged")
    }

    /// A set above the limits is refused while it is read.
    @Test func sizesAreLimited() throws {
        let text = Array("\(Self.first)\n\(Self.second)\n".utf8)
        for bytes in [text, Gzip.stored(text)] {
            try withFile(bytes) { url throws in
                var limits = JSONLinesReader.Limits()
                limits.bytes = text.count
                #expect(try QuestionSet(JSONLinesReader(url: url, limits: limits), text: .required) == Self.expected)
                limits.bytes = text.count - 1
                #expect(throws: JSONLinesError.self) {
                    try QuestionSet(JSONLinesReader(url: url, limits: limits), text: .required)
                }
                limits.bytes = text.count
                limits.lineBytes = 100
                let error = #expect(throws: JSONLinesError.self) {
                    try QuestionSet(JSONLinesReader(url: url, limits: limits), text: .required)
                }
                #expect(error?.line == 1)
            }
        }
    }

    /// With optional texts, a line may name a document of the library.
    @Test func documentsMayBeNamed() throws {
        let questions = #""questions":[{"id":"q","question":"w?","answers":["a"]}]"#
        for (fields, id, title) in [
            (#""id":"i","title":"t""#, "i", "t"), (#""title":"t""#, "t", "t"), (#""id":"i""#, "i", "i"),
            (#""id":"i","title":"t","document":null"#, "i", "t"),
        ] {
            let line = Array("{\(fields),\(questions)}".utf8)
            let document = try #require(try read(line, text: .optional).documents.first)
            #expect(document.id == id && document.title == title && document.document == nil)
            expect(line, line: 1, "\"", "expected a string")
        }
        #expect(try read(Array(Self.first.utf8), text: .optional).documents == [Self.expected.documents[0]])
        expect(Array("{\(questions)}".utf8), text: .optional, line: 1, #""id" is missing"#)
        expect(Array(#"{"title":4,\#(questions)}"#.utf8), text: .optional, line: 1, #""title" is a number"#)
        let withText = #"{"title":"t","document":"x",\#(questions)}"#
        expect(Array(withText.utf8), text: .optional, line: 1, #""id" is missing"#)
    }

    /// The error for a malformed line has its number, what was found and what was expected.
    @Test(arguments: [
        (#"{"title":"t","document":"x","questions":[]}"#, #""id" is missing; expected a string"#),
        (#"{"id":"i","document":"x","questions":[]}"#, #""title" is missing"#),
        (#"{"id":"i","title":"t","questions":[]}"#, #""document" is missing"#),
        (#"{"id":"i","title":"t","document":" \n","questions":[]}"#, #""document" is empty"#),
        (#"{"id":"i","title":"t","document":["x"],"questions":[]}"#, #""document" is a list; expected a string"#),
        (#"{"id":"i","title":"t","document":"x"}"#, #""questions" is missing"#),
        (#"{"id":"i","title":"t","document":"x","questions":{}}"#, #""questions" is an object; expected a list"#),
        (#"{"id":"i","title":"t","document":"x","questions":["q"]}"#, #""questions[0]" is a string"#),
        (Self.asking(#"{"question":"w","answers":["a"]}"#), #""questions[0].id" is missing"#),
        (Self.asking(#"{"id":7,"question":"w","answers":["a"]}"#), #""questions[0].id" is a number"#),
        (Self.asking(#"{"id":"q","answers":["a"]}"#), #""questions[0].question" is missing"#),
        (Self.asking(#"{"id":"q","question":"","answers":["a"]}"#), #""questions[0].question" is empty"#),
        (Self.asking(#"{"id":"q","question":"w"}"#), #""questions[0].answers" is missing"#),
        (Self.asking(#"{"id":"q","question":"w","answers":"a"}"#), #""questions[0].answers" is a string"#),
        (Self.asking(#"{"id":"q","question":"w","answers":[]}"#), #""questions[0].answers" is empty"#),
        (Self.asking(#"{"id":"q","question":"w","answers":["a",""]}"#), #""questions[0].answers[1]" is empty"#),
        (Self.asking(#"{"id":"q","question":"w","answers":["a",null]}"#), #""questions[0].answers[1]" is null"#),
        (#"["id"]"#, "found a list; expected a JSON object"),
        (#"{"id":"i","title":"t""#, "not valid JSON"),
        (first, #"the document id "d1" is already used on line 1"#),
        (
            Self.asking(#"{"id":"q2","question":"w","answers":["a"]}"#),
            #"the question id "q2" is already used on line 1"#
        ),
        (
            Self.asking(#"{"id":"q","question":"w","answers":["a"]},{"id":"q","question":"v","answers":["a"]}"#),
            "already used on this line"
        ),
        (String(repeating: "[", count: 100_000), "not valid JSON"),
        ("{\"id\":\"\u{0}\"}", "not UTF-8 text"),
    ])
    func malformedLinesAreRefused(line: String, message: String) {
        // On line 3: a blank line counts.
        expect(Array("\(Self.first)\n\n\(line)\n\(Self.second)\n".utf8), line: 3, message)
    }

    private static func asking(_ questions: String) -> String {
        #"{"id":"i","title":"t","document":"x","questions":[\#(questions)]}"#
    }

    /// The file's content cannot break the one-line message.
    @Test func messagesStayOnOneLine() {
        let id = #""a\n\u001b[31mb\#(String(repeating: "x", count: 500))""#
        let line = #"{"id":\#(id),"title":"t","document":"x","questions":[]}"#
        let message = message(Array("\(line)\n\(line)\n".utf8))
        #expect(message.contains("already used on line 1"))
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(message.count < 400)
    }

    @Test func otherFilesAreRefused() throws {
        expect([], line: nil, "the file is empty")
        expect(Array("\n \n".utf8), line: nil, "holds no question")
        expect(Array(Self.second.utf8), line: nil, "holds no question")
        expect(Array(0...255), line: 1, "not UTF-8 text")
        let utf16 = Self.first.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        expect([0xFF, 0xFE] + utf16, line: 1, "not UTF-8 text")
        let folder = FileManager.default.temporaryDirectory
        let ofFolder = #expect(throws: JSONLinesError.self) { try QuestionSet(contentsOf: folder) }
        #expect(ofFolder?.reason.contains("folder") == true)
        let missing = URL(fileURLWithPath: "no/such/questions.jsonl")
        let ofMissing = #expect(throws: JSONLinesError.self) { try QuestionSet(contentsOf: missing) }
        #expect(ofMissing?.description == "no/such/questions.jsonl: no such file")
    }

    // MARK: -

    private func withFile<Result>(_ bytes: [UInt8], _ body: (URL) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appending(path: "questions-\(UUID().uuidString)")
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url)
    }

    private func read(_ bytes: [UInt8], text: QuestionSet.DocumentText = .required) throws -> QuestionSet {
        try withFile(bytes) { try QuestionSet(contentsOf: $0, text: text) }
    }

    private func message(_ bytes: [UInt8]) -> String {
        (#expect(throws: JSONLinesError.self) { try read(bytes) }).map { "\($0)" } ?? ""
    }

    /// Expects reading `bytes` to fail in `line` with a one-line message that names the file and contains `parts`.
    private func expect(
        _ bytes: [UInt8], text: QuestionSet.DocumentText = .required, line: Int?, _ parts: String...,
        location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: JSONLinesError.self, sourceLocation: location) { try read(bytes, text: text) }
        guard let error else { return }
        #expect(error.line == line, sourceLocation: location)
        #expect(error.description.contains("questions-"), sourceLocation: location)
        #expect(!error.description.contains("\n"), sourceLocation: location)
        for part in parts { #expect(error.reason.contains(part), sourceLocation: location) }
    }
}

/// A writer of gzip without compression (RFC 1951, section 3.2.4).
private enum Gzip {
    static func stored(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var rest = Array(bytes)[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            let count = UInt16(block.count)
            member += [rest.isEmpty ? 1 : 0] + littleEndian(count) + littleEndian(~count) + block
        } while !rest.isEmpty
        return member + littleEndian(checksum(bytes)) + littleEndian(UInt32(bytes.count))
    }

    private static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        var checksum = ~UInt32(0)
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? (checksum >> 1) ^ 0xEDB8_8320 : checksum >> 1 }
        }
        return ~checksum
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

import LLoCOBase
import Testing

@Suite struct WritingTests {
    @Test func writtenTextParsesToTheSameValue() throws {
        let object = JSONObject([
            "a\"\n\u{1}": .array([.integer(-1), .number(0.1), .null, .array([]), .object(JSONObject())]),
            "b": .bool(true),
        ])
        for indent in [false, true] {
            let text = JSONValue.object(object).text(indent: indent)
            #expect(try JSONParser.parse(Array(text.utf8)) == .object(object))
        }
    }

    @Test func keysAreUnique() {
        var object = JSONObject(["a": .integer(1), "b": .null, "a": .integer(2)])
        #expect(object.keys == ["a", "b"])
        #expect(object["a"] == .integer(1))
        let again = object.insert(.integer(3), for: "b")
        #expect(!again)
        #expect(object["b"] == .null && object.value("b") == nil)
        let other = object.insert(.integer(3), for: "c")
        #expect(other && object.count == 3)
    }

    @Test func printableEscapesControlCharacters() {
        #expect("a\n\u{1B}[31m\u{202E}é\u{2028}'".printable(limit: 80) == "a\\n\\u{1B}[31m\\u{202E}é\\u{2028}'")
        #expect("abcd".printable(limit: 4) == "abcd")
        #expect("abcde".printable(limit: 4) == "abcd…")
        #expect(JSONValue.string("\u{7}").summary == "\"\\u{07}\"")
    }
}

import LLoCOBase
import Testing

@Suite struct ParsingTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    private func fault(_ text: String) -> String? {
        (#expect(throws: JSONError.self, "\(text.prefix(100))") { try parse(text) })?.description
    }

    @Test func valuesAreParsed() throws {
        let value = try parse(
            #" { "a" : [1, -2.5e3, true, false, null, "x"], "b":{}, "c":[], "d":NaN, "e":-Infinity } "#)
        let object = try #require(value.object)
        #expect(object.keys == ["a", "b", "c", "d", "e"])
        #expect(object["a"] == .array([.integer(1), .number(-2500), .bool(true), .bool(false), .null, .string("x")]))
        #expect(object["d"]?.double?.isNaN == true)
        #expect(object["e"]?.double == -.infinity)
        #expect(object["f"] == nil && object.value("a") != nil)
        #expect(try parse("\u{FEFF} 7 ") == .integer(7))
    }

    @Test(arguments: [
        ("0", JSONValue.integer(0)), ("-0", .integer(0)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(0x1p63)),
        ("-9223372036854775809", .number(-0x1p63)), ("1e30", .number(1e30)), ("0.10", .number(0.1)),
        ("-1.5E+2", .number(-150)), ("5e-324", .number(.leastNonzeroMagnitude)), ("1.0", .number(1)),
        ("100000000000000000000000000000000000000", .number(1e38)),
    ])
    func numbersAreParsed(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
        #expect(try parse("[\(text)]") == .array([value]))
    }

    @Test func escapesAreDecoded() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\uD83D\ude00é""#) == .string("\"\\/\u{8}\u{C}\n\r\té😀é"))
    }

    /// Strings are scanned eight bytes at a time, from any offset.
    @Test func stringsOfEveryLengthAreParsed() throws {
        let characters: [(plain: String, written: String)] = [
            ("\"", "\\\""), ("\\", "\\\\"), ("\u{1}", "\\u0001"), ("\u{7F}", "\u{7F}"), (" ", " "), ("!", "!"),
            ("é", "é"), ("\u{10FFFF}", "\u{10FFFF}"),
        ]
        for length in 0..<20 {
            for position in 0...length {
                for (plain, written) in characters {
                    let before = String(repeating: "x", count: position)
                    let after = String(repeating: "y", count: length - position)
                    let value = try parse("[\"\(before)\(written)\(after)\",\"z\"]")
                    #expect(value == .array([.string(before + plain + after), .string("z")]))
                    #expect(throws: JSONError.self) { try parse("[\"\(before)\u{1F}\(after)\"]") }
                    #expect(throws: JSONError.self) { try parse("[\"\(before)\(written)\(after)") }
                }
            }
        }
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\u00g0\"", "tru", "nulll", "1 2", "01", "-01", "-", "1e", "1.", "1.e1",
        ".5", "1e+", "1.2.3", "+1", "\"\n\"", "{\"a\":1,\"a\":2}", "--1", "[1 2]", "]", ",", "'a'", "[1,,2]", "{}}",
        "-NaN", "nan", "0x1", "// a\n1",
    ])
    func malformedTextIsRefused(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test(
        arguments: [
            [0x22, 0xC3, 0x28, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22], [0x22, 0xF0, 0x9F, 0x98, 0x22],
            [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
        ] as [[UInt8]])
    func invalidUTF8IsRefused(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONParser.parse(bytes) }
        #expect(throws: JSONError.self) { try JSONParser.parse([0x7B] + bytes + [0x3A, 0x31, 0x7D]) }
    }

    @Test func faultsNameTheirOffset() {
        #expect(fault("[1, x]") == "a malformed number or word at byte 4")
        #expect(fault("{\"é\": 1, \"é\": 2}") == "the duplicate key \"é\" at byte 10")
        #expect(fault("[007]") == "a number with a leading zero at byte 1")
        #expect(fault("{} x") == "something after the end of the JSON at byte 3")
        #expect(fault("[\"ab\\q\"]") == "a malformed escape in a string at byte 4")
        #expect(fault("[\"abc") == "a string that does not end at byte 5")
        #expect(fault("[\"abc\\") == "a string that does not end at byte 6")
        let key = "a\\n\\u001b[31m" + String(repeating: "x", count: 500)
        let message = fault("{\"\(key)\": 1, \"\(key)\": 2}") ?? "\n"
        #expect(message.count < 150 && message.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }

    @Test(arguments: [2, 7, 8, 9, 10, 100, 5000]) func duplicateKeysAreRefused(count: Int) throws {
        let members = (0..<count).map { "\"k\($0)\":\($0)" }
        let object = try #require(try parse("{\(members.joined(separator: ","))}").object)
        #expect(object.keys == (0..<count).map { "k\($0)" })
        #expect(object["k\(count - 1)"] == .integer(count - 1))
        for repeated in [0, count / 2, count - 1] {
            // An escaped key is the same key.
            let text = "{\(members.joined(separator: ",")),\"\\u006b\(repeated)\":0}"
            #expect(fault(text)?.contains("duplicate key \"k\(repeated)\"") == true)
        }
    }

    @Test(arguments: [0, 20]) func equivalentKeysAreDifferent(others: Int) throws {
        // These two strings are equal in Swift but must differ in a vocabulary.
        let members = (0..<others).map { "\"\($0)\":0" } + ["\"\u{C5}\":3", "\"A\u{30A}\":4"]
        let object = try #require(try parse("{\(members.joined(separator: ","))}").object)
        #expect(object.count == others + 2)
        #expect(object["\u{C5}"] == .integer(3) && object["A\u{30A}"] == .integer(4))
    }

    @Test func depthAndSizeAreLimited() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(64))
        #expect(fault(nested(65))?.contains("nesting deeper than 64") == true)
        #expect(fault(String(repeating: "{\"a\":", count: 100_000))?.contains("nesting") == true)
        _ = try parse("[" + String(repeating: "[],", count: 70) + "1]")
        #expect(fault(String(repeating: "9", count: 257))?.contains("number") == true)
        let many = "[0" + String(repeating: ",0", count: 4_000_000) + "]"
        let error = #expect(throws: JSONError.self) { try parse(many) }
        #expect(error?.found == "more than 4000000 values")
    }

    @Test func damagedBytesNeverTrap() throws {
        let original = Array(#"{"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00é"],"b":{"c":"\n","d":[]},"e":NaN}"#.utf8)
        for length in original.indices {
            #expect(throws: JSONError.self) { try JSONParser.parse(Array(original[..<length])) }
        }
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var parsed = 0
        for _ in 0..<20_000 {
            var damaged = original
            for _ in 0...random(3) { damaged[random(damaged.count)] = UInt8(random(256)) }
            guard let value = try? JSONParser.parse(damaged) else { continue }
            // Compare texts, because NaN does not equal itself.
            let text = value.text()
            #expect(try JSONParser.parse(Array(text.utf8)).text() == text)
            parsed += 1
        }
        #expect(parsed > 0)
    }
}

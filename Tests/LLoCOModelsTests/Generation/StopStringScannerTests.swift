import LLoCOModels
import Testing

@Suite struct StopStringScannerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let stops: [String]
        /// The text before the stop string that is complete first; the whole text if none appears.
        let expected: String
        var isStopped: Bool { expected != text }
        var testDescription: String { "\(text) until \(stops)" }
    }

    static let cases = [
        Case(text: "one two three", stops: ["two"], expected: "one "),
        Case(text: "one two three", stops: ["four"], expected: "one two three"),
        Case(text: "one two three", stops: [], expected: "one two three"),
        Case(text: "one two three", stops: [""], expected: "one two three"),
        Case(text: "one two three", stops: ["three"], expected: "one two "),
        Case(text: "one two three", stops: ["one"], expected: ""),
        Case(text: "one two three", stops: ["three!"], expected: "one two three"),
        Case(text: "aaaaab", stops: ["aab"], expected: "aaa"),
        Case(text: "abababac", stops: ["ababac"], expected: "ab"),
        Case(text: "xabcy", stops: ["abc", "b"], expected: "xa"),
        Case(text: "xabcy", stops: ["bc", "abc"], expected: "x"),
        Case(text: "xabcy", stops: ["abcd", "cy"], expected: "xab"),
        Case(text: "line\n\nQuestion: x", stops: ["\n\n", "Question:"], expected: "line"),
        Case(text: "naïve café 👩‍👩‍👧 — end", stops: ["👧 —"], expected: "naïve café 👩‍👩‍"),
        Case(text: "naïve café", stops: ["é"], expected: "naïve caf"),
        Case(text: "è then é", stops: ["é"], expected: "è then "),
        Case(text: "", stops: ["a"], expected: ""),
    ]

    private func scan(_ pieces: [String], _ stops: [String]) -> (text: String, isStopped: Bool) {
        var scanner = StopStringScanner(stops)
        var text = ""
        for piece in pieces { text += scanner.accept(piece) }
        let isStopped = scanner.isStopped
        return (text + scanner.finish(), isStopped)
    }

    private func expect(_ pieces: [String], _ example: Case) {
        let (text, isStopped) = scan(pieces, example.stops)
        #expect(text == example.expected, "\(pieces)")
        #expect(isStopped == example.isStopped, "\(pieces)")
    }

    @Test(arguments: cases) func wholeAndSingleScalars(_ example: Case) {
        expect([example.text], example)
        expect(example.text.unicodeScalars.map { String($0) }, example)
    }

    @Test(arguments: cases) func everyPairOfSplits(_ example: Case) {
        let scalars = Array(example.text.unicodeScalars)
        func text(_ range: Range<Int>) -> String {
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars[range])
            return text
        }
        for first in 0...scalars.count {
            for second in first...scalars.count {
                expect([text(0..<first), text(first..<second), text(second..<scalars.count)], example)
            }
        }
    }

    @Test func finalTextIsReturned() {
        var scanner = StopStringScanner(["stop", "st!"])
        #expect(scanner.accept("best") == "be")
        #expect(scanner.accept("ow") == "stow")
        #expect(scanner.accept(" s") == " ")
        #expect(scanner.accept("") == "")
        #expect(scanner.finish() == "s")
    }

    @Test func nothingIsReturnedAfterTheStop() {
        var scanner = StopStringScanner(["."])
        #expect(scanner.accept("One. Two.") == "One")
        #expect(scanner.isStopped)
        #expect(scanner.accept("Three") == "")
        #expect(scanner.finish() == "")
    }
}

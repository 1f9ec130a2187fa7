import LLoCOBase
import Testing

@Suite struct LineBufferTests {
    @Test func linesDoNotDependOnPieceSizes() {
        let text = Array("first\n\nsecond ü\nthird\nrest".utf8)
        for size in [1, 2, 5, 100] {
            var buffer = LineBuffer()
            var lines: [String] = []
            for start in stride(from: 0, to: text.count, by: size) {
                lines += buffer.append(text[start..<min(text.count, start + size)]).map {
                    String(decoding: $0, as: UTF8.self)
                }
            }
            #expect(lines == ["first", "second ü", "third"])
            #expect(buffer.pendingBytes == "rest".utf8.count)
        }
    }
}

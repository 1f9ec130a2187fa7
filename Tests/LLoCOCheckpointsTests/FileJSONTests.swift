import LLoCOBase
import LLoCOCheckpoints
import Testing

@Suite struct FileJSONTests {
    @Test func errorsNameTheFileAndTheByteOffset() throws {
        let file = FileBytes(Array("12345678{\"a\":[1, x]}".utf8), name: "/x.json")
        #expect(try file.json(14..<15) == .integer(1))
        #expect(
            fault { _ = try file.json(8..<file.count) }?.description
                == "/x.json: a malformed number or word at byte 17; expected valid JSON")
        #expect(fault { _ = try file.json(8..<13) }?.description.contains("at byte 13") == true)
        #expect(
            fault { _ = try FileBytes(Array("[]".utf8), name: "/x.json").jsonObject() }?.description
                == "/x.json: JSON that is not an object; expected a JSON object")
    }
}

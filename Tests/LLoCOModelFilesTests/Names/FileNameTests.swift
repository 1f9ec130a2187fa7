import LLoCOModelFiles
import Testing

@Suite struct FileNameTests {
    @Test(arguments: ["a", "a/b", "a.b-c_d", "\u{e9}.txt", "a b"])
    func namesInsideAFolderAreAccepted(name: String) { #expect(FileName.isInside(name)) }

    @Test(arguments: [
        "", ".", "..", "/a", "a/", "a//b", "a/../b", "a\\b", "a\u{0}b", "a\nb", "C:a", "a/b/c/d/e/f/g/h/i",
        String(repeating: "a", count: 201),
    ])
    func otherNamesAreRefused(name: String) { #expect(!FileName.isInside(name)) }

    @Test func partsOfSplitFilesAreFound() {
        let parts = ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]
        for part in parts { #expect(FileName.parts(ofSplit: part) == parts) }
        #expect(FileName.parts(ofSplit: "m.gguf") == ["m.gguf"])
        #expect(FileName.parts(ofSplit: "m-00001-of-99999.gguf").count == 1)
        #expect(FileName.isLaterPart(parts[1]) && !FileName.isLaterPart(parts[0]) && !FileName.isLaterPart("m.gguf"))
    }
}

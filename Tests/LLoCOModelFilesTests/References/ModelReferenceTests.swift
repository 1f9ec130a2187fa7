import Foundation
import LLoCOModelFiles
import LLoCOTestSupport
import Testing

@Suite struct ModelReferenceTests {
    @Test func names() throws {
        let model = ModelCatalogue.defaultModel
        #expect(ModelReference(name: "Qwen2.5-Coder-0.5B") == .catalogue(model))
        let repository = try #require(HubRepository("Qwen/Qwen3-0.6B-GGUF"))
        #expect(ModelReference(name: "Qwen/Qwen3-0.6B-GGUF") == .repository(repository, file: nil))
        #expect(ModelReference(name: "Qwen/Qwen3-0.6B-GGUF:a/b.gguf") == .repository(repository, file: "a/b.gguf"))
        #expect(ModelReference(name: "Qwen/Qwen3-0.6B-GGUF:a/b.gguf")?.description == "Qwen/Qwen3-0.6B-GGUF:a/b.gguf")
    }

    @Test(arguments: [
        "", "a", "a/b/c", "/b", "a/", "./b", "../b", "a/..", "a/b--c", "a--b/c", "-a/b", ".a/b", "a/b.", "a b/c",
        "a/b\n",
        "a/b:../c", "a/b:", "a/\u{e9}", "a/" + String(repeating: "b", count: 97),
    ])
    func noNames(text: String) {
        #expect(ModelReference(name: text) == nil)
    }

    @Test func whatIsThereIsAPath() throws {
        let folder = try TemporaryFolder()
        try folder.write("owner/repo/config.json", text: "{}")
        let path = folder.path("owner/repo")
        #expect(ModelReference(path) == .path(URL(filePath: path)))
        #expect(ModelReference("no/such:../x") == .path(URL(filePath: "no/such:../x")))
    }

    @Test(arguments: ["a", "a/b", "a.b-c_d", "\u{e9}.txt", "a b"])
    func fileNames(name: String) { #expect(FileName.isInside(name)) }

    @Test(arguments: [
        "", ".", "..", "/a", "a/", "a//b", "a/../b", "a\\b", "a\u{0}b", "a\nb", "C:a", "a/b/c/d/e/f/g/h/i",
        String(repeating: "a", count: 201),
    ])
    func namesThatLeadOut(name: String) { #expect(!FileName.isInside(name)) }

    @Test func splitFiles() {
        let parts = ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]
        for part in parts { #expect(FileName.parts(ofSplit: part) == parts) }
        #expect(FileName.parts(ofSplit: "m.gguf") == ["m.gguf"])
        #expect(FileName.parts(ofSplit: "m-00001-of-99999.gguf").count == 1)
        #expect(FileName.isLaterPart(parts[1]) && !FileName.isLaterPart(parts[0]) && !FileName.isLaterPart("m.gguf"))
    }
}

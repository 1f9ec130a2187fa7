import Foundation
import LLoCOModelFiles
import LLoCOTestSupport
import Testing

@Suite struct ModelReferenceTests {
    @Test func namesAreParsed() throws {
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
    func otherTextsAreRefused(text: String) {
        #expect(ModelReference(name: text) == nil)
    }

    @Test func existingPathsArePaths() throws {
        let folder = try TemporaryFolder()
        try folder.write("owner/repo/config.json", text: "{}")
        let path = folder.path("owner/repo")
        #expect(ModelReference(path) == .path(URL(filePath: path)))
        #expect(ModelReference("no/such:../x") == .path(URL(filePath: "no/such:../x")))
    }
}

import Foundation
import LLoCOLibrary
import LLoCOTestSupport
import Testing

/// The model that a library remembers.
@Suite struct LibraryModelTests {
    @Test func theLastModelIsRemembered() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.lloco")
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            #expect(try library.rememberedModel() == nil)
            let first = ModelRecord(identity: "a", name: nil, path: "/a")
            let second = ModelRecord(identity: "b", name: "name", path: "/b")
            try library.remember(first)
            #expect(try library.rememberedModel() == first)
            try library.remember(second)
            #expect(try library.rememberedModel() == second)
            let moved = ModelRecord(identity: "a", name: "other", path: "/c")
            try library.remember(moved)
            #expect(try library.rememberedModel() == moved)
        }
        let before = FileManager.default.contents(atPath: path)
        do {
            let library = try SQLiteLibrary.open(path, for: .writing)
            try library.remember(ModelRecord(identity: "a", name: "other", path: "/c"))
        }
        #expect(FileManager.default.contents(atPath: path) == before, "the same is not written again")
    }
}

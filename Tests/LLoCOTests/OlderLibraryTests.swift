import Foundation
import LLoCO
import LLoCOModelTestSupport
import LLoCOTestSupport
import Testing

/// Libraries of older versions give the same answers as then.
@Suite struct OlderLibraryTests {
    /// The library and the expected answers are of lloco 0.1.0 (commit 141ff42): two documents, and their group's
    /// adapter.
    @Test(arguments: [false, true]) func answersAreTheSame(isUpgraded: Bool) async throws {
        let libraries = TestFiles.fixtures.appending(path: "libraries")
        let reader = try ChunkReader(url: libraries.appending(path: "format-3.lloco.gz"), expected: "a library")
        var bytes: [UInt8] = []
        while case let chunk = try reader.next(line: nil), !chunk.isEmpty { bytes += chunk }
        let folder = try TemporaryFolder()
        let path = try folder.write("old.lloco", bytes)
        let recorded = try Data(contentsOf: libraries.appending(path: "format-3.json"))
        let expected = try #require(JSONSerialization.jsonObject(with: recorded) as? [NSDictionary])
        #expect(expected.count == 5)

        let library = try SQLiteLibrary.open(path, for: isUpgraded ? .writing : .reading)
        let answerer = Answerer(model: try LoadedModel.tiny(), library: library)
        for answer in expected {
            var options = Answerer.Options()
            options.documents = ["river.txt"]
            options.mode = try #require((answer["mode"] as? String).flatMap(AnswerMode.init))
            options.budget = .positions(60)
            options.generation.maximumTokens = 12
            let found = try await answerer.answer("What is item 3 of the river?", options)
            let encoded = try JSONSerialization.jsonObject(with: JSONEncoder().encode(found))
            var fields = try #require(encoded as? [String: Any])
            fields["seconds"] = nil
            // Versions may choose different excerpts.
            if [.hybrid, .retrieval].contains(options.mode) {
                #expect(fields["documents"] as? [String] == ["river.txt"])
                #expect(answer["documents"] as? [String] == ["river.txt"])
            } else {
                #expect(fields as NSDictionary == answer)
            }
        }
    }
}

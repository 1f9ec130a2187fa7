import Foundation
import LLoCOTestSupport
import Testing

/// `embed` with prompts for questions and passages.
@Suite struct EmbedCommandTests {
    @Test func embedsQuestionsAndPassages() async throws {
        let place = try Workplace()
        try place.copy(TestFiles.embedder, to: "asymmetric")
        try place.write(
            "asymmetric/config_sentence_transformers.json",
            text: #"{"prompts": {"query": "question ", "passage": ""}}"#)
        try place.write("a.txt", text: "the river rose")
        try place.write("b.txt", text: "question the river rose")
        func vector(_ file: String, _ arguments: String...) async throws -> String {
            try await place.run(["embed", file] + arguments).expectSuccess().outputText
        }
        let question = try await vector("a.txt", "--question", "--embedder", "asymmetric")
        let passage = try await vector("a.txt", "--embedder", "asymmetric")
        #expect(question != passage)
        #expect(try await vector("b.txt", "--embedder", TestFiles.embedder.path) == question)
        #expect(try await vector("a.txt", "--embedder", TestFiles.embedder.path) == passage)
    }
}

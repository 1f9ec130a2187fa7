import Foundation
import LLoCOTestSupport
import Testing

/// `ask --adapter DIR` with adapters in PEFT's layout.
@Suite struct GivenAdapterCommandTests {
    @Test func answersWithTheAdapter() async throws {
        let place = try await Workplace.furnished()
        try place.copy(TestFiles.adapter, to: "given")
        let file = "given/adapter_config.json"
        let text = String(decoding: try place.bytes(file), as: UTF8.self)
        func answer(_ arguments: String...) async throws -> String? {
            let ask = ["ask", "What did the river take?", "--document", "river.txt", "--max-tokens", "24", "--json"]
            return try await place.run(ask + arguments + Sample.segment).expectSuccess().object()["answer"] as? String
        }
        let plain = try await answer("--no-adapter")
        #expect(plain != nil)
        #expect(try await answer("--adapter", "none") == plain)
        #expect(try await answer("--adapter", "given") != plain)
        #expect(try await answer("--mode", "full", "--adapter", "given") != answer("--mode", "full"))
        try await place.run("ask", "q", "--no-adapter", "--adapter", "given").expectUsage("--no-adapter")
        // An unsupported adapter, or one of another model, is refused by name.
        func refused(_ text: String, _ parts: String...) async throws {
            try place.write(file, text: text)
            let outcome = try await place.run(["ask", "q", "--adapter", "given"] + Sample.segment)
            for part in parts { outcome.expectFailure(part) }
        }
        try await refused(text.replacing(#""use_dora": false"#, with: #""use_dora": true"#), file, "use_dora is true")
        let digest = String(repeating: "b", count: 64)
        try await refused(
            #"{"base_model_name_or_path": "\#(digest)", "r": 4, "lora_alpha": 8, "#
                + #""target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"]}"#,
            "--adapter given: trained for another model (bbbb")
        try await place.run("ask", "q", "--adapter", "nowhere").expectFailure("nowhere", "adapter_config.json")
    }
}

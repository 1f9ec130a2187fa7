import Foundation
import Testing

/// A part that a command does not use may be missing or damaged.
@Suite struct UnreadPartsTests {
    @Test func noRetrievalModel() async throws {
        let place = try await Workplace.furnished(environment: ["LLOCO_EMBEDDER": ""])
        let ask = ["ask", "What is item 1?", "--max-tokens", "2"] + Sample.segment
        try await place.run(ask + ["--mode", "none"]).expectSuccess()
        try await place.run(ask + ["--mode", "full"]).expectFailure("retrieval model", "--embedder")
        let text = Sample.text("mill", sentences: 2).replacing("\n", with: " ")
        let questions = #"[{"id": "q", "question": "What is it?", "answers": ["The mill."]}]"#
        try place.write(
            "data.jsonl", text: #"{"id": "d", "title": "d", "document": "\#(text)", "questions": \#(questions)}"# + "\n"
        )
        let evaluate = ["evaluate", "data.jsonl", "--max-tokens", "2"] + Sample.segment
        try await place.run(evaluate + ["--modes", "none,full,compressed"]).expectSuccess()
        for other in [["--modes", "none,retrieval"], ["--modes", "full", "--budget", "9"], ["--group", "g"]] {
            try await place.run(evaluate + other).expectFailure("retrieval model", "--embedder")
        }
    }

    @Test func aDamagedGeneralAdapter() async throws {
        let place = try await Workplace.furnished()
        try await place.run(
            [
                "finetune", "--group", "g", "--questions", "questions.jsonl", "--recipe", "recipe.json5", "--out",
                "home/Adapters/mine",
            ] + Sample.segment
        ).expectSuccess()
        let file = "home/Adapters/mine/adapter_model.safetensors"
        try place.write(file, place.bytes(file).dropLast(9))
        let ask = ["ask", "What is item 1?", "--group", "h", "--max-tokens", "2"] + Sample.segment
        for mode in ["none", "full", "retrieval"] { try await place.run(ask + ["--mode", mode]).expectSuccess() }
        try await place.run(ask + ["--no-adapter"]).expectSuccess()
        try await place.run(ask + ["--adapter", "none"]).expectSuccess()
        try await place.run(ask).expectFailure(file)
        try place.write("data.jsonl", text: Sample.questions(["letter.txt"], count: 1))
        let evaluate = ["evaluate", "data.jsonl", "--group", "h", "--max-tokens", "2"] + Sample.segment
        try await place.run(evaluate + ["--modes", "none,full,retrieval"]).expectSuccess()
        try await place.run(evaluate + ["--adapter", "none"]).expectSuccess()
        try await place.run(evaluate).expectFailure(file)
    }
}

import Foundation
import Testing

/// What computes with a model does so on the one thread for it.
@Suite struct ComputingCommandTests {
    #if os(Linux)
        @Test func theThreadThatComputes() async throws {
            let place = try await Workplace.furnished()
            try place.write("long.txt", text: Sample.text("river", sentences: 200))
            try place.write("short.txt", text: Sample.text("river", sentences: 2))
            for command in [
                ["generate", "The river", "--max-tokens", "100"], ["perplexity", "short.txt"], ["embed", "short.txt"],
                ["compress", "short.txt", "--out", "v.safetensors"] + Sample.segment,
                ["evaluate-compressor", "long.txt", "--segments", "1", "--samples", "1"] + Sample.segment,
                ["bench", "prefill", "--tokens", "16"],
                ["evaluate", "questions.jsonl", "--group", "g", "--modes", "none", "--max-tokens", "2"]
                    + Sample.segment,
                ["ask", "What?", "--max-tokens", "2"] + Sample.segment,
            ] {
                let running = try await place.start(command)
                var isSeen = false
                while running.isRunning {
                    isSeen = isSeen || running.threads.contains("lloco.compute")
                    try await Task.sleep(for: .milliseconds(1))
                }
                try await running.end().expectSuccess()
                #expect(isSeen, "\(command)")
            }
        }
    #endif
}

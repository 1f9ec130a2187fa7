import Foundation
import Testing

/// Commands compute with a model on the one compute thread.
@Suite struct ComputingCommandTests {
    #if os(Linux)
        @Test func commandsComputeOnTheComputeThread() async throws {
            let place = try await Workplace.furnished()
            try place.write("long.txt", text: Sample.text("river", sentences: 200))
            try place.write("short.txt", text: Sample.text("river", sentences: 2))
            for command in [
                ["generate", "The river", "--max-tokens", "100"], ["perplexity", "short.txt"], ["embed", "short.txt"],
                ["compress", "short.txt", "--out", "v.safetensors"] + Sample.segment,
                ["evaluate-compressor", "long.txt"],
            ] {
                let running = try await place.start(command)
                var isSeen = false
                while running.isRunning {
                    isSeen = isSeen || running.threads.contains("lloco.compute")
                    try await Task.sleep(for: .milliseconds(1))
                }
                // The tiny model's window is too small for this measure: an error after loading.
                let outcome = try await running.end()
                #expect(outcome.status == (command[0] == "evaluate-compressor" ? 1 : 0), "\(outcome)")
                #expect(isSeen, "\(command)")
            }
        }
    #endif
}

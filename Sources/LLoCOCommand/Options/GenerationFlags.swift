import ArgumentParser
import LLoCOModels

/// The length and the sampling of an answer.
struct GenerationFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Maximum tokens to generate.", valueName: "n"))
    var maxTokens = 256

    @Option(help: ArgumentHelp("0 is greedy; higher values sample.", valueName: "t"))
    var temperature = 0.0

    @Option(
        help: ArgumentHelp(
            "With a temperature: sample from the most likely tokens of this joint probability.", valueName: "p",
            visibility: .hidden))
    var topP = 1.0

    @Option(
        help: ArgumentHelp("End where this text appears. Repeatable.", valueName: "text", visibility: .hidden))
    var stop: [String] = []

    func validate() throws {
        guard maxTokens >= 1, maxTokens <= 1_048_576 else {
            throw ValidationError("--max-tokens \(maxTokens): expected 1 to 1048576")
        }
        do { _ = try SamplingOptions(temperature: temperature, topP: topP) } catch {
            throw ValidationError("\(error)")
        }
    }

    func options(seed: UInt64) throws -> GenerationOptions {
        GenerationOptions(
            maximumTokens: maxTokens, sampling: try SamplingOptions(temperature: temperature, topP: topP, seed: seed),
            stopStrings: stop)
    }
}

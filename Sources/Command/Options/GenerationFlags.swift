import ArgumentParser
import Models

/// How an answer is generated.
struct GenerationFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("Generate at most so many tokens.", discussion: "Default: \(defaultTokens).", valueName: "n")
    )
    var maxTokens: Int?

    private static let defaultTokens = 256

    @Option(help: ArgumentHelp("0 takes the most likely token; more makes answers vary.", valueName: "t"))
    var temperature = 0.0

    @Option(
        help: ArgumentHelp(
            "With a temperature: draw from the most likely tokens of this joint probability.", valueName: "p"))
    var topP = 1.0

    @Option(help: ArgumentHelp("End where this text appears; may be repeated.", valueName: "text"))
    var stop: [String] = []

    func validate() throws {
        if let maxTokens, maxTokens < 1 || maxTokens > 1_048_576 {
            throw ValidationError("--max-tokens \(maxTokens): expected 1 to 1048576")
        }
        do { _ = try SamplingOptions(temperature: temperature, topP: topP) } catch {
            throw ValidationError("\(error)")
        }
    }

    func options(seed: UInt64) throws -> GenerationOptions {
        GenerationOptions(
            maximumTokens: maxTokens ?? Self.defaultTokens,
            sampling: try SamplingOptions(temperature: temperature, topP: topP, seed: seed),
            stopStrings: stop)
    }

    /// Says so where a text ends though the model had not ended it, nor was told to.
    func note(_ end: GeneratedText.End, tokens: Int) {
        switch end {
        case .length where maxTokens == nil: Terminal.note("stopped after \(tokens) tokens: --max-tokens allows more")
        case .window: Terminal.note("stopped after \(tokens) tokens: the model's window is full")
        case .length, .endToken, .stopString: break
        }
    }
}

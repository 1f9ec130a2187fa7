import ArgumentParser
import Foundation
import LLoCO

/// A measurement in a child process, which has a peak memory of its own: the same command with a private option that
/// says what to measure.
struct Measurement: Codable, ExpressibleByArgument {
    enum Kind: String, Codable { case compress, answer, finetune }

    var kind: Kind
    var mode: Mode
    /// of the text
    var tokens: Int
    /// The file of a text's vectors: `compress` writes it, `answer` reads it. nil for random vectors.
    var vectors: String?

    enum Mode: String, Codable, CaseIterable { case compressed, full }

    struct Result: Codable {
        var seconds = 0.0
        var secondsPerToken: Double?
        var contextTokens = 0
        var promptTokens: Int?
        var generatedTokens: Int?
        var memoryBefore: Int?
        var peak: Int?
        var examples: Int?
        /// positions computed in a step
        var positions: Int?
    }

    /// The output of the child process: a result, or the reason for its absence.
    enum Outcome: Codable {
        case result(Result)
        case beyondTheWindow
        case failure(String)
    }

    init(_ kind: Kind, _ mode: Mode, tokens: Int, vectors: String? = nil) {
        self.kind = kind
        self.mode = mode
        self.tokens = tokens
        self.vectors = vectors
    }

    init?(argument: String) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(argument.utf8)) else { return nil }
        self = value
    }

    // MARK: In the child process

    /// Measures and prints the outcome.
    func run(_ bench: Bench) {
        // The parent holds the other end of stdin: this process ends with it.
        let watcher = Thread {
            _ = try? FileHandle.standardInput.readToEnd()
            _exit(1)
        }
        watcher.start()
        let outcome: Outcome
        do { outcome = try measure(bench) } catch { outcome = .failure(Terminal.oneLine(error)) }
        try? Terminal.json(outcome)
    }

    private func measure(_ bench: Bench) throws -> Outcome {
        switch kind {
        case .compress: try bench.compressing(self)
        case .answer: try bench.answering(self)
        case .finetune: try bench.finetuning(self)
        }
    }

    // MARK: In the parent process

    /// Starts the child process and waits for its outcome.
    ///
    /// - Throws: `CommandError` with the child's error.
    func outcome() throws -> Outcome {
        let process = Process()
        process.executableURL = Installation.executable
        let request = String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        // Behind the subcommand's name, before its arguments.
        var arguments = Array(CommandLine.arguments.dropFirst())
        arguments.insert(contentsOf: ["--measurement", request], at: min(1, arguments.count))
        process.arguments = arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let printed = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        try? input.fileHandleForWriting.close()
        if process.terminationReason == .uncaughtSignal {
            let signal = process.terminationStatus
            return .failure(signal == SIGKILL ? "ended by the system: out of memory?" : "ended by signal \(signal)")
        }
        guard let outcome = try? JSONDecoder().decode(Outcome.self, from: printed) else {
            throw CommandError(
                "measuring \(kind.rawValue) of \(tokens) tokens, \(mode.rawValue): the process ended with status "
                    + "\(process.terminationStatus) and no result")
        }
        if case .failure(let reason) = outcome { throw CommandError(reason) }
        return outcome
    }
}

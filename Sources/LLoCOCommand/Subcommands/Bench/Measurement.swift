import ArgumentParser
import Foundation
import LLoCO

/// One measurement in a process of its own, so that its peak memory is its own: the same command with a hidden option
/// that says what to measure.
struct Measurement: Codable, ExpressibleByArgument {
    enum Kind: String, Codable { case compress, answer, finetune }

    var kind: Kind
    var mode: Mode
    /// of the text
    var tokens: Int
    /// Where a text's vectors are: `compress` writes them, `answer` reads them. nil: they are made up.
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

    /// What the process prints: a result or, where there is none, why.
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

    // MARK: In the process that measures

    /// Measures and prints the outcome.
    func run(_ bench: Bench) {
        // The parent holds the other end of stdin: when it is gone, nobody waits for the outcome any more.
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

    // MARK: In the process that asks

    /// Starts the process and waits for its outcome.
    ///
    /// - Throws: `CommandError` with what it failed with.
    func outcome() throws -> Outcome {
        let process = Process()
        process.executableURL = Installation.executable
        let request = String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        // Behind the subcommand's name, before whatever else was given.
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

import ArgumentParser
import LLoCO

/// A command that computes with a model itself, on the one thread that does so.
protocol ComputingCommand: AsyncParsableCommand {
    func compute() async throws
}

extension ComputingCommand {
    func run() async throws {
        try await withTaskExecutorPreference(DedicatedThread.ofCommand) { try await compute() }
    }
}

extension DedicatedThread {
    /// What this process computes on.
    static let ofCommand = DedicatedThread(name: "lloco.compute")
}

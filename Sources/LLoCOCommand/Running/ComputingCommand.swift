import ArgumentParser
import LLoCO

/// A command that computes with a model itself, on the process's one compute thread.
protocol ComputingCommand: AsyncParsableCommand {
    func compute() async throws
}

extension ComputingCommand {
    func run() async throws {
        try await withTaskExecutorPreference(DedicatedThread.ofCommand) { try await compute() }
    }
}

extension DedicatedThread {
    /// The compute thread of this process.
    static let ofCommand = DedicatedThread(name: "lloco.compute")
}

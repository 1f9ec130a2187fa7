/// Options of the RULER generator.
public struct RulerOptions: Sendable, Hashable {
    /// Lengths of a prompt with its answer, in tokens; default the published 4k, 8k, ... 128k.
    public var lengths: [Int]
    /// The generated tasks; default all.
    public var tasks: [RulerTask]
    /// Number of texts per task and length; default 10 (published: 500).
    public var samples: Int
    /// Seed of the generator; default 0. The same seed gives the same data. A sample does not depend on the others.
    public var seed: UInt64
    /// Tokens of the prompt besides the text and the question (chat template, instructions); default 0.
    public var templateTokens: Int
    /// Number of variable chains in `vt`, one of which is queried; default 1, as published.
    public var variableChains: Int
    /// Number of assignments from variable to variable in a chain; default 4, as published.
    public var variableHops: Int

    /// Creates options with the documented defaults.
    public init(
        lengths: [Int] = [4_096, 8_192, 16_384, 32_768, 65_536, 131_072], tasks: [RulerTask] = RulerTask.allCases,
        samples: Int = 10, seed: UInt64 = 0, templateTokens: Int = 0, variableChains: Int = 1, variableHops: Int = 4
    ) {
        self.lengths = lengths
        self.tasks = tasks
        self.samples = samples
        self.seed = seed
        self.templateTokens = templateTokens
        self.variableChains = variableChains
        self.variableHops = variableHops
    }

    func check() throws {
        let subject = "ruler"
        guard !tasks.isEmpty else {
            let names = RulerTask.allCases.map(\.rawValue).joined(separator: ", ")
            throw DataGenerationError(subject, "no task, expected one or more of \(names)")
        }
        for (index, task) in tasks.enumerated() where tasks[..<index].contains(task) {
            throw DataGenerationError(subject, "the task \(task.rawValue) was given twice")
        }
        try GenerationLimits.check(lengths: lengths, samples: samples, cells: tasks.count, subject)
        try GenerationLimits.check(tokens: templateTokens, "the prompt template", subject)
        guard (1...100).contains(variableChains), (1...100).contains(variableHops) else {
            throw DataGenerationError(
                subject, "\(variableChains) chains of \(variableHops) hops, expected 1...100 of each")
        }
    }
}

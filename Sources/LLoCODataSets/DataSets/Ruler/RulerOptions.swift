/// What RULER is generated with.
public struct RulerOptions: Sendable, Hashable {
    /// Of a prompt with its answer, in tokens; default the published 4k, 8k, ... 128k.
    public var lengths: [Int]
    /// Default all.
    public var tasks: [RulerTask]
    /// Texts for each task and length; default 10 (published: 500).
    public var samples: Int
    /// The same seed gives the same data. A sample does not depend on what else is generated.
    public var seed: UInt64
    /// What the prompt adds around the text and the question (chat template, instructions), in tokens; default 0.
    public var templateTokens: Int
    /// Chains of variables in `vt`, of which one is asked for; default 1, as published.
    public var variableChains: Int
    /// Assignments from variable to variable in a chain; default 4, as published.
    public var variableHops: Int

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
            throw DataGenerationError(subject, "no task was given, expected \(names)")
        }
        for (index, task) in tasks.enumerated() where tasks[..<index].contains(task) {
            throw DataGenerationError(subject, "the task \(task.rawValue) was given twice")
        }
        try GenerationLimits.check(lengths: lengths, samples: samples, cells: tasks.count, subject)
        try GenerationLimits.check(tokens: templateTokens, "the prompt's own part", subject)
        guard (1...100).contains(variableChains), (1...100).contains(variableHops) else {
            throw DataGenerationError(
                subject, "\(variableChains) chains of \(variableHops) hops were asked for, expected 1...100 of each")
        }
    }
}

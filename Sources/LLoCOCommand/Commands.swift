import ArgumentParser

/// The subcommands, as the overview lists them.
enum Commands {
    static let groups = [
        CommandGroup(name: "Documents", subcommands: [Add.self, List.self, Show.self, Remove.self]),
        CommandGroup(name: "Answering", subcommands: [Ask.self, Chat.self]),
        CommandGroup(name: "Learning", subcommands: [Finetune.self, TrainCompressor.self, TrainSelection.self]),
        CommandGroup(name: "Serving", subcommands: [Serve.self, PS.self, Stop.self, MCP.self]),
        CommandGroup(
            name: "Models",
            subcommands: [
                Models.self, Generate.self, Compress.self, Tokenize.self, Embed.self, Perplexity.self,
            ]),
        CommandGroup(
            name: "Measuring", subcommands: [Evaluate.self, Score.self, EvaluateCompressor.self, Bench.self]),
        CommandGroup(name: "Settings", subcommands: [Config.self, Doctor.self]),
    ]
}

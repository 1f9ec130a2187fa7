public import ArgumentParser
public import LLoCOCompression

/// The maximum number of positions of the model's context for documents.
struct BudgetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Maximum positions for documents, as 2000 or 1/30.", valueName: "n"))
    var budget: ContextBudget.Size?

    @Option(
        help: ArgumentHelp(
            "Mode hybrid: maximum share of the budget that is text, 0 to 1.",
            discussion: """
                The rest is vectors. Default: 1, and a fifth for a question about the whole of the documents.
                """, valueName: "share", visibility: .hidden))
    var textShare: Double?

    func validate() throws {
        if let textShare, !(0...1 ~= textShare) {
            throw ValidationError("--text-share \(textShare): expected 0 to 1")
        }
    }
}

extension ContextBudget.Size: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

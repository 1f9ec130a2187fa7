public import ArgumentParser
public import LLoCOCompression

/// How many positions of the model's context may stand for documents.
struct BudgetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Modes hybrid, compressed, retrieval: read at most so many positions of the documents.",
            discussion: """
                A vector is one position, and so is a token of text. 1/30 stands for one of every 30 of their tokens. \
                Default: a thirtieth of the documents' tokens in mode hybrid; all vectors in mode compressed, whole passages \
                in mode retrieval.
                """, valueName: "n"))
    var budget: ContextBudget.Size?

    @Option(
        help: ArgumentHelp(
            "Mode hybrid: at most this share of the budget is text, 0 to 1; the rest is vectors.",
            discussion: """
                Default: all that text takes, and vectors the rest; about the whole of the documents, a fifth.
                """, valueName: "share"))
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

import ArgumentParser
import LLoCO

/// How many positions of the model's context may stand for documents.
struct BudgetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Modes hybrid, compressed, retrieval: read at most so many positions of the documents.",
            discussion: """
                A vector is one position, and so is a token of text. Default: a thirtieth of the documents' tokens in mode \
                hybrid; all vectors in mode compressed, whole passages in mode retrieval.
                """, valueName: "n"))
    var budget: Int?

    @Option(
        help: ArgumentHelp(
            "Mode hybrid: at most this share of the budget is text, 0 to 1; the rest is vectors.", valueName: "share"))
    var textShare = ContextBudget.usualTextShare

    func validate() throws {
        if let budget, !(1...1_048_576 ~= budget) {
            throw ValidationError("--budget \(budget): expected 1 to 1048576")
        }
        guard 0...1 ~= textShare else { throw ValidationError("--text-share \(textShare): expected 0 to 1") }
    }
}

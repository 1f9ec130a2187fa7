import LLoCOBase
public import LLoCODocuments
public import LLoCOTokenizers

/// Questions about documents that a compressor is trained on: what is read after the vectors is a question, and its answer
/// is what the vectors have to help with.
public struct TrainingQuestions: Sendable {
    struct Item: Sendable {
        let document: Int
        /// The question as the model is asked it
        let prompt: [Int]
        /// The answer with the token that ends it
        let answer: [Int]
    }

    /// Each document's tokens
    let documents: [[Int]]
    let items: [Item]
    /// Questions of documents that are longer than what becomes vectors together: they are not among the items.
    public let omitted: Int
    /// Questions about texts that are kept from training, for the measure.
    public let heldOut: Int
    /// The SHA-256 of what is trained on
    public let digest: String

    /// - Parameters:
    ///   - maximumTokens: of a document
    /// - Throws: `TrainingError` where no question is left.
    public init(
        _ sets: [QuestionSet], maximumTokens: Int, tokenizer: any Tokenizer, prompts: PromptBuilder
    ) throws {
        var documents: [[Int]] = []
        var items: [Item] = []
        var (omitted, heldOut) = (0, 0)
        let entries = sets.flatMap(\.documents).filter { !$0.questions.isEmpty }
        // What 'evaluate-compressor --held-out' measures is not learned here either.
        let trained = Set(TrainingText.trained(among: entries.compactMap(\.document)))
        for entry in entries {
            guard let text = entry.document else { continue }
            guard trained.contains(text) else {
                heldOut += entry.questions.count
                continue
            }
            let ids = tokenizer.encode(text, special: .asText)
            guard 1...maximumTokens ~= ids.count else {
                omitted += entry.questions.count
                continue
            }
            for question in entry.questions {
                items.append(
                    Item(
                        document: documents.count, prompt: try prompts.prompt(question: question.text),
                        answer: try prompts.answer(question.answers[0])))
            }
            documents.append(ids)
        }
        guard !items.isEmpty else {
            throw TrainingError(.invalid, "no question about a text of 1 to \(maximumTokens) tokens to train on")
        }
        self.documents = documents
        self.items = items
        self.omitted = omitted
        self.heldOut = heldOut
        digest = Digest.sha256(
            (documents.map { Digest.sha256(tokens: $0) }
                + items.map { Digest.sha256(tokens: [$0.document, $0.prompt.count] + $0.prompt + $0.answer) })
                .joined(separator: "\n"))
    }

    /// Questions to train on, without those that were left out
    public var count: Int { items.count }
}

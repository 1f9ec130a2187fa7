import LLoCOBase
import LLoCOCompression
public import LLoCODocuments
import LLoCOLibrary
public import LLoCOTokenizers

/// Questions about documents that a compressor is trained on: what is read after the vectors is a question, and its answer
/// is what the vectors have to help with.
public struct TrainingQuestions: Sendable {
    struct Item: Sendable {
        let document: Int
        let question: String
        /// The same as the model is asked it
        let prompt: [Int]
        /// The answer with the token that ends it
        let answer: [Int]
    }

    struct Document: Sendable {
        let text: String
        let ids: [Int]
    }

    let documents: [Document]
    let prompts: PromptBuilder
    private let tokenizer: any Tokenizer
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
        var documents: [Document] = []
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
                        document: documents.count, question: question.text,
                        prompt: try prompts.prompt(question: question.text),
                        answer: try prompts.answer(question.answers[0])))
            }
            documents.append(Document(text: text, ids: ids))
        }
        guard !items.isEmpty else {
            throw TrainingError(.invalid, "no question about a text of 1 to \(maximumTokens) tokens to train on")
        }
        self.documents = documents
        self.prompts = prompts
        self.tokenizer = tokenizer
        self.items = items
        self.omitted = omitted
        self.heldOut = heldOut
        digest = Digest.sha256(
            (documents.map { Digest.sha256(tokens: $0.ids) }
                + items.map { Digest.sha256(tokens: [$0.document, $0.prompt.count] + $0.prompt + $0.answer) })
                .joined(separator: "\n"))
    }

    /// Questions to train on, without those that were left out
    public var count: Int { items.count }

    /// Refuses questions that the window does not hold, with their answers, behind a document's `positions`.
    ///
    /// - Throws: `TrainingError` naming what they come to.
    package func check(fit window: Int, after positions: Int) throws {
        let longest = items.map { $0.prompt.count + $0.answer.count }.max() ?? 0
        guard positions + longest <= window else {
            throw TrainingError(
                .doesNotFit,
                "a question and its answer of \(longest) tokens after \(positions) positions of documents: the model's "
                    + "window holds \(window): lower the recipe's questionedSegments or segmentTokens, or leave it out")
        }
    }

    /// Chooses what is read of a document for a question under a budget, as an answer does.
    ///
    /// - Parameters:
    ///   - scheme: how the document becomes vectors
    ///   - counts: how many vectors each of its segments has
    func selector(
        of document: Int, _ scheme: CompressionScheme, counts: [Int]
    ) throws -> (_ question: String, _ budget: ContextBudget) throws -> ContextSelection {
        let text = documents[document].text
        let tokens = tokenizer.encodeWithOffsets(text, special: .asText)
        let segments = zip(scheme.bytes(of: tokens, byteCount: text.utf8.count), counts).map {
            ContextSelection.Segment(bytes: $0, vectorCount: $1)
        }
        let index = try ExcerptIndex([text])
        return { question, budget in
            try ContextSelection(question, index, prompts: self.prompts, segments: [segments], budget)
        }
    }
}

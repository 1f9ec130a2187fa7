import LLoCOBase
import LLoCOCompression
public import LLoCODocuments
import LLoCOLibrary
public import LLoCOTokenizers

/// Questions about documents for the training objective `answering`: a question follows the document's vectors, and its
/// answer is predicted.
public struct TrainingQuestions: Sendable {
    struct Item: Sendable {
        /// Index of the document
        let document: Int
        let question: String
        /// The question's prompt
        let prompt: [Int]
        /// The answer with its end token
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
    /// Number of omitted questions about documents that are empty or have too many tokens
    public let omitted: Int
    /// Number of omitted questions about held-out texts
    public let heldOut: Int
    /// The SHA-256 of the documents, prompts and answers
    public let digest: String

    /// Creates training questions from question sets. Held-out and too long documents are omitted.
    ///
    /// - Parameters:
    ///   - maximumTokens: maximum length of a document
    /// - Throws: `TrainingError` if no question remains.
    public init(
        _ sets: [QuestionSet], maximumTokens: Int, tokenizer: any Tokenizer, prompts: PromptBuilder
    ) throws {
        var documents: [Document] = []
        var items: [Item] = []
        var (omitted, heldOut) = (0, 0)
        let entries = sets.flatMap(\.documents).filter { !$0.questions.isEmpty }
        // Texts that are held out for evaluation must not be trained on as documents either.
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
            throw TrainingError(
                .invalid,
                "no questions to train on, expected questions about documents of 1 to \(maximumTokens) tokens")
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

    /// Number of questions to train on
    public var count: Int { items.count }

    /// Checks that all questions with their answers fit the window after `positions` positions of documents.
    ///
    /// - Throws: `TrainingError` naming the required number of positions.
    package func check(fit window: Int, after positions: Int) throws {
        let longest = items.map { $0.prompt.count + $0.answer.count }.max() ?? 0
        guard positions + longest <= window else {
            throw TrainingError(
                .doesNotFit,
                "a question and its answer of \(longest) tokens after \(positions) positions of documents, the model's "
                    + "window holds \(window): lower the recipe's questionedSegments or segmentTokens, or remove the "
                    + "question")
        }
    }

    /// A function that selects a document's context for a question under a budget, as in answering.
    ///
    /// - Parameters:
    ///   - scheme: the document's compression scheme
    ///   - counts: number of vectors of each segment
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

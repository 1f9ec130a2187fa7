public import LLoCOLibrary

/// A question about a document and its answer, as token ids.
public struct FinetuningExample: Sendable, Equatable {
    /// Index of the document among the run's
    public let document: Int
    /// Ranges of the document's vectors in the context; nil for all
    public let rows: [Range<Int>]?
    /// The prompt that follows the vectors: the question with the chat template, and the selected pieces of text
    public let prompt: [Int]
    /// The answer with its end token. The loss covers these tokens.
    public let answer: [Int]
    /// The teacher's probabilities at each of the answer's tokens, as training targets; nil to train on the answer
    /// itself
    public let targets: TeacherTargets?

    /// Creates an example; by default with all vectors of the document in the context, and without a teacher.
    public init(
        document: Int, rows: [Range<Int>]? = nil, prompt: [Int], answer: [Int], targets: TeacherTargets? = nil
    ) {
        self.document = document
        self.rows = rows
        self.prompt = prompt
        self.answer = answer
        self.targets = targets
    }
}

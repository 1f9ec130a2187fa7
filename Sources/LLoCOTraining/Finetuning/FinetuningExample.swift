public import LLoCOLibrary

/// A question about a document and the answer to learn, as token ids.
public struct FinetuningExample: Sendable, Equatable {
    /// Which of the run's documents it is about
    public let document: Int
    /// Which of the document's vectors are read; nil for all
    public let rows: [Range<Int>]?
    /// The question as the model will see it when it is asked, after the document's vectors, with what it reads of the text
    public let prompt: [Int]
    /// The answer with the token that ends it: what the loss counts
    public let answer: [Int]
    /// What a teacher holds likely at each of the answer's tokens, of which is learned then; nil for the answer alone
    public let targets: TeacherTargets?

    /// A question and its answer, about all vectors of a document by default.
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

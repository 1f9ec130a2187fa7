/// A question about a document and the answer to learn, as token ids.
public struct FinetuningExample: Sendable, Equatable {
    /// Which of the run's documents it is about
    public let document: Int
    /// The question as the model will see it when it is asked, after the document's vectors
    public let prompt: [Int]
    /// The answer with the token that ends it: what the loss counts
    public let answer: [Int]
    /// What a teacher holds likely at each of the answer's tokens, of which is learned then; nil for the answer alone
    public let targets: TeacherTargets?

    public init(document: Int, prompt: [Int], answer: [Int], targets: TeacherTargets? = nil) {
        self.document = document
        self.prompt = prompt
        self.answer = answer
        self.targets = targets
    }
}

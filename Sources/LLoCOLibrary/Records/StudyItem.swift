/// A question that the model has asked itself about a passage, and what it answers with the passage before it.
public struct StudyItem: Sendable, Equatable {
    /// What was asked for: a question, a summary, and so on
    public let kind: StudyKind
    /// As the model put it
    public let question: String
    /// The teacher's answer; the writer's where the question was rejected before the teacher read it
    public let answer: String
    /// Why it is not learned from; nil where it is
    public let rejection: StudyRejection?
    /// What the answer is learned from; nil where it is rejected
    public let targets: TeacherTargets?

    /// An item; one without a rejection has targets.
    public init(
        kind: StudyKind, question: String, answer: String, rejection: StudyRejection? = nil,
        targets: TeacherTargets? = nil
    ) {
        self.kind = kind
        self.question = question
        self.answer = answer
        self.rejection = rejection
        self.targets = targets
    }
}

/// A passage with what was asked about it.
public struct StudiedPassage: Sendable, Equatable {
    /// What was asked about
    public let passage: PassageRecord
    /// In the order in which they were asked, rejected ones included
    public let items: [StudyItem]

    /// A passage with what was asked about it.
    public init(passage: PassageRecord, items: [StudyItem]) {
        self.passage = passage
        self.items = items
    }
}

/// What made a study. Items of different identities are not mixed.
public struct StudyIdentity: Hashable, Sendable {
    /// The digest of the model.
    public let model: String
    /// Everything else that decides what is written, JSON.
    public let settings: String

    /// An identity; `settings` are compared as they are written, byte by byte.
    public init(model: String, settings: String) {
        self.model = model
        self.settings = settings
    }
}

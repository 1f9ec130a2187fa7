/// A question that the model wrote about a passage in self-study, with the answer that it gives with the passage in
/// context.
public struct StudyItem: Sendable, Equatable {
    /// The kind of question.
    public let kind: StudyKind
    /// The question as the model wrote it.
    public let question: String
    /// The teacher's answer; the writer's if the question was rejected before the teacher saw it.
    public let answer: String
    /// The reason why the item is excluded from training; nil if it is included.
    public let rejection: StudyRejection?
    /// The teacher's distribution over the answer's tokens; nil if the item is rejected.
    public let targets: TeacherTargets?

    /// Creates an item. An item without a rejection has targets.
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

/// A passage with its self-study items.
public struct StudiedPassage: Sendable, Equatable {
    /// The passage.
    public let passage: PassageRecord
    /// The items in the order in which they were written, rejected ones included.
    public let items: [StudyItem]

    /// Creates a passage with its items.
    public init(passage: PassageRecord, items: [StudyItem]) {
        self.passage = passage
        self.items = items
    }
}

/// The model and settings that made a study. Items of different identities are not mixed.
public struct StudyIdentity: Hashable, Sendable {
    /// The SHA-256 of the model.
    public let model: String
    /// All other settings that determine the items, JSON.
    public let settings: String

    /// Creates an identity. `settings` are compared byte by byte.
    public init(model: String, settings: String) {
        self.model = model
        self.settings = settings
    }
}
